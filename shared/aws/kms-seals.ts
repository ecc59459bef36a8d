import {
  DecryptCommand,
  EncryptCommand,
  IncorrectKeyException,
  InvalidCiphertextException,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { LRUCache } from 'lru-cache';
import { NotSealed, type SealOwner, type Seals } from '../kernel/seals.ts';

const OPENED_KEPT = 1_000;
const OPENED_MS = 5 * 60_000;

/** Small secrets under a key of KMS, each bound to what it belongs to: copied into another row it opens no more. */
export class KmsSeals implements Seals {
  readonly #client: () => KMSClient;
  readonly #key: string;
  readonly #opened = new LRUCache<string, Promise<string>>({ max: OPENED_KEPT, ttl: OPENED_MS });

  constructor(client: () => KMSClient, key: string) {
    this.#client = client;
    this.#key = key;
  }

  async seal(text: string, EncryptionContext: SealOwner): Promise<string> {
    const { CiphertextBlob } = await this.#client().send(
      new EncryptCommand({ KeyId: this.#key, Plaintext: Buffer.from(text), EncryptionContext }),
    );
    if (!CiphertextBlob) throw new Error('The key service answered without a ciphertext.');
    return Buffer.from(CiphertextBlob).toString('base64');
  }

  open(sealed: string, owner: SealOwner): Promise<string> {
    const name = `${JSON.stringify(owner)}/${sealed}`;
    const known = this.#opened.get(name);
    if (known) return known;
    const opening = this.#open(sealed, owner);
    this.#opened.set(name, opening);
    opening.catch(() => this.#opened.delete(name));
    return opening;
  }

  async #open(sealed: string, EncryptionContext: SealOwner): Promise<string> {
    const decrypt = new DecryptCommand({ KeyId: this.#key, CiphertextBlob: Buffer.from(sealed, 'base64'), EncryptionContext });
    const { Plaintext } = await this.#client()
      .send(decrypt)
      .catch((error: unknown) => {
        const isForeign = error instanceof InvalidCiphertextException || error instanceof IncorrectKeyException;
        throw isForeign ? new NotSealed('It was not sealed with this key, or for something else.') : error;
      });
    if (!Plaintext) throw new Error('The key service answered without a plaintext.');
    return Buffer.from(Plaintext).toString();
  }
}
