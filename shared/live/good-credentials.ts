import { LRUCache } from 'lru-cache';
import type { Keys } from '../access/key.ts';
import type { Members } from '../access/member.ts';
import type { Credential } from './live.ts';

export interface CredentialServices {
  keys: Pick<Keys, 'byHash'>;
  members: Pick<Members, 'withEmail'>;
  now: () => Date;
}

/** How long a key that was revoked, or a member who was removed, may still be told something. */
const KNOWN_MS = 5_000;

/** Whether those who listen may still do so; looked up once in a while. */
export class GoodCredentials {
  readonly #services: CredentialServices;
  readonly #known = new LRUCache<string, { is: boolean }>({ max: 1000, ttl: KNOWN_MS });

  constructor(services: CredentialServices) {
    this.#services = services;
  }

  async has(credential: Credential): Promise<boolean> {
    if (credential.kind === 'token' && credential.until <= this.#services.now().toISOString()) return false;
    const id = credential.kind === 'key' ? credential.hash : credential.member?.id;
    if (id === undefined) return true;
    const known = this.#known.get(id);
    if (known) return known.is;
    const is = await this.#isKnown(credential);
    this.#known.set(id, { is });
    return is;
  }

  async #isKnown(credential: Credential): Promise<boolean> {
    const { keys, members } = this.#services;
    if (credential.kind === 'key') {
      const found = await keys.byHash(credential.hash);
      return found !== undefined && found.revokedAt === undefined;
    }
    const { member } = credential;
    return member === undefined || (await members.withEmail(member.email)).some(({ id }) => id === member.id);
  }
}
