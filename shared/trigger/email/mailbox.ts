import { randomInt } from 'node:crypto';
import * as z from 'zod';
import { STAGES } from '../../run/model/status.ts';

/** Who may start runs by mail, beside those on its list: the project's members, nobody else, or everybody. */
export const PERMISSIONS = ['collaborators', 'restricted', 'anyone'] as const;
/** What a sender hears: nothing, that a run was started, or what became of it. */
export const REPLIES = ['none', 'acknowledgement', 'result'] as const;

/** The largest mail that any mailbox takes. */
export const MAX_MAIL_BYTES = 25 * 1024 * 1024;
/** How long a replaced address says that it was replaced. */
export const RETIRED_DAYS = 30;

/** The mail address of a workflow. Another address after a rotation, the same mailbox. */
export const mailbox = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  workflowId: z.string(),
  /** What stands before the @. */
  local: z.string(),
  enabled: z.boolean(),
  permission: z.enum(PERMISSIONS),
  /** Addresses and `@domains` that always may, lower-case: the only ones when the permission is `restricted`. */
  allowed: z.array(z.string()),
  stage: z.enum(STAGES),
  reply: z.enum(REPLIES),
  maxBytes: z.int(),
  createdAt: z.string(),
  /** How often its settings have been changed. */
  revision: z.int().default(0),
  /** When another address took its place. */
  retiredAt: z.string().optional(),
  /** The canary's own: takes mail from the domain itself. */
  canary: z.boolean().optional(),
});
export type Mailbox = z.infer<typeof mailbox>;

/** What its owner chooses. */
export type MailboxSettings = Pick<Mailbox, 'enabled' | 'permission' | 'allowed' | 'stage' | 'reply' | 'maxBytes'>;

export interface Mailboxes {
  byLocal(local: string): Promise<Mailbox | undefined>;
  ofWorkflow(workflowId: string): Promise<Mailbox | undefined>;
  /** Gives a workflow its mailbox; false when it has one by now, or when the address is taken. */
  create(mailbox: Mailbox): Promise<boolean>;
  /** Writes new settings; false when they have been changed, or the address replaced, since `seen` was read. */
  change(seen: Mailbox, next: Mailbox): Promise<boolean>;
  /** Puts a new address in the place of the old one; false when somebody else has. */
  rotate(old: Mailbox, next: Mailbox): Promise<boolean>;
}

/** Letters and digits that are not taken for one another when read aloud or typed. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const MAX_SLUG = 40;

/** A new local part: readable, and not to be guessed. */
export function newLocal(workflowName: string): string {
  const slug = workflowName
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_SLUG)
    .replace(/^-+|-+$/g, '');
  const random = Array.from({ length: 8 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return `${slug || 'workflow'}-${random}`;
}

/** The mailbox's name in an address of that domain; what stands behind a `+` is the sender's own note. */
export function localIn(address: string, domain: string): string | undefined {
  const at = address.lastIndexOf('@');
  if (at < 1 || address.slice(at + 1).toLowerCase() !== domain.toLowerCase()) return undefined;
  const [local] = address.slice(0, at).toLowerCase().split('+');
  return local !== undefined && /^[a-z0-9-]{1,64}$/.test(local) ? local : undefined;
}

export const addressOf = ({ local }: Pick<Mailbox, 'local'>, domain: string) => `${local}@${domain}`;

/** Whether the address still says something: for some time it says that it was replaced. */
export function isKnown({ retiredAt }: Mailbox, now: Date): boolean {
  return retiredAt === undefined || now.getTime() < Date.parse(retiredAt) + RETIRED_DAYS * 86_400_000;
}
