import type { Keys } from '../../access/key.ts';
import type { Members } from '../../access/member.ts';
import type { Page } from '../../kernel/page.ts';
import type { Collaborators } from './ports.ts';

const PAGE = 100;

/** The members of the project and of the whole workspace, and whoever holds a key of them and has said where mail reaches them. */
export class MembersAndKeyHolders implements Collaborators {
  readonly #members: Members;
  readonly #keys: Keys;

  constructor(members: Members, keys: Keys) {
    this.#members = members;
    this.#keys = keys;
  }

  async of(workspace: string, project: string): Promise<string[]> {
    const [members, keys] = await Promise.all([
      all((token) => this.#members.list(workspace, PAGE, token)),
      all((token) => this.#keys.list(workspace, PAGE, token)),
    ]);
    return [...members, ...keys.filter(({ revokedAt }) => revokedAt === undefined)]
      .filter((one) => one.project === undefined || one.project === project)
      .flatMap(({ email }) => email ?? []);
  }
}

async function all<T>(read: (token: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let token: string | undefined;
  do {
    const page = await read(token);
    items.push(...page.items);
    token = page.next;
  } while (token !== undefined);
  return items;
}
