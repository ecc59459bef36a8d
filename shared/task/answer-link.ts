import { NotSealed, type Seals } from '../kernel/seals.ts';

/** More than any seal has that holds something, and less than the key service takes. */
const TOKEN = /^[\w-]{32,2000}$/;

/** Whom a link lets answer what. */
export interface Asked {
  task: string;
  email: string;
}

/** A link that lets one person answer one task. Nobody makes one who may not seal, and of another task it opens nothing. */
export async function linkTo(seals: Pick<Seals, 'seal'>, apiUrl: string, { task, email }: Asked): Promise<string> {
  const sealed = await seals.seal(email, { task });
  return `${apiUrl}/answer/${task}/${Buffer.from(sealed, 'base64').toString('base64url')}`;
}

/** Whom the link is for; undefined for one that nobody has made. */
export async function readLink(seals: Pick<Seals, 'open'>, task: string, token: string): Promise<string | undefined> {
  if (!TOKEN.test(token)) return undefined;
  try {
    return await seals.open(Buffer.from(token, 'base64url').toString('base64'), { task });
  } catch (error) {
    if (error instanceof NotSealed) return undefined;
    throw error;
  }
}
