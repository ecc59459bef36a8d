import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { arn } from '../aws/account.ts';
import { AwsError } from '../aws/aws-error.ts';
import type { JsonOperations } from '../aws/json-protocol.ts';
import type { Stack } from '../cloudformation/stack.ts';

const context = z.record(z.string(), z.string()).default({});
const encrypt = z.object({ KeyId: z.string(), Plaintext: z.base64(), EncryptionContext: context });
const decrypt = z.object({ KeyId: z.string().optional(), CiphertextBlob: z.base64(), EncryptionContext: context });

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** KMS takes 4096 bytes of plaintext. */
const MAX_BYTES = 4096;

/** KMS for the keys of the stack: encryption and decryption under one secret of this data folder, bound to key and context. */
export class Keys {
  readonly #secret: Buffer;
  readonly #arns: Set<string>;

  constructor(stack: Stack, path: string) {
    this.#arns = new Set(stack.ofType('AWS::KMS::Key').map(({ name }) => arn('kms', `key/${name}`)));
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) writeFileSync(path, randomBytes(32), { mode: 0o600 });
    this.#secret = readFileSync(path);
  }

  get operations(): JsonOperations {
    return {
      Encrypt: (input) => {
        const { KeyId, Plaintext, EncryptionContext } = encrypt.parse(input);
        this.#find(KeyId);
        const text = Buffer.from(Plaintext, 'base64');
        if (text.length === 0 || text.length > MAX_BYTES)
          throw new AwsError('ValidationException', 'Plaintext must have 1 to 4096 bytes');
        const nonce = randomBytes(NONCE_BYTES);
        const cipher = createCipheriv('aes-256-gcm', this.#secret, nonce).setAAD(aadOf(KeyId, EncryptionContext));
        const blob = Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
        return { KeyId, CiphertextBlob: blob.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
      },
      Decrypt: (input) => {
        const { KeyId, CiphertextBlob, EncryptionContext } = decrypt.parse(input);
        const key = this.#find(KeyId ?? [...this.#arns][0] ?? '');
        const text = this.#open(Buffer.from(CiphertextBlob, 'base64'), aadOf(key, EncryptionContext));
        return { KeyId: key, Plaintext: text.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
      },
    };
  }

  #open(blob: Buffer, aad: Buffer): Buffer {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#secret, blob.subarray(0, NONCE_BYTES)).setAAD(aad);
      decipher.setAuthTag(blob.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(blob.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch {
      throw new AwsError('InvalidCiphertextException', 'The ciphertext is not one of this key and context');
    }
  }

  #find(id: string): string {
    if (!this.#arns.has(id)) throw new AwsError('NotFoundException', `Key '${id}' does not exist`);
    return id;
  }
}

const aadOf = (key: string, context: Record<string, string>) =>
  Buffer.from(JSON.stringify([key, Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))]));
