import type { Keys } from '../../access/key.ts';
import type { Members } from './ports.ts';

const PAGE = 100;

/** Whoever holds a key of the project, or of the whole workspace, and has said where mail reaches them. */
export class KeyHolders implements Members {
  readonly #keys: Keys;

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  async of(workspace: string, project: string): Promise<string[]> {
    const members: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.#keys.list(workspace, PAGE, token);
      for (const key of page.items) {
        const inProject = key.project === undefined || key.project === project;
        if (key.email !== undefined && key.revokedAt === undefined && inProject) members.push(key.email);
      }
      token = page.next;
    } while (token !== undefined);
    return members;
  }
}
