import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import PostalMime, { type Email } from 'postal-mime';

/** A mail that has left the embedded cloud. */
export interface SentMail {
  to: string[];
  raw: string;
  mail: Email;
}

/** What lies in the outbox of a data folder, the oldest first; with a text, what holds that. */
export async function mailsIn(dataDir: string, text = ''): Promise<SentMail[]> {
  const folder = join(dataDir, 'outbox');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.eml')) : [];
  const all = await Promise.all(
    names.toSorted().map(async (name) => {
      const raw = readFileSync(join(folder, name), 'utf8');
      const [, to = ''] = /^X-Envelope-To: (.*)\r$/m.exec(raw) ?? [];
      return { to: to.split(', '), raw, mail: await PostalMime.parse(raw) };
    }),
  );
  return all.filter(({ raw, mail }) => raw.includes(text) || (mail.text ?? '').includes(text));
}

/** The link in a mail that asks. */
export const linkIn = ({ mail }: SentMail): string => /https?:\/\/\S+\/answer\/\S+/.exec(mail.text ?? '')?.[0] ?? '';
