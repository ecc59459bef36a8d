/** What a secret belongs to: one kind of thing, and which. Copied into the row of another it opens no more. */
export type SealOwner = { webhook: string } | { connection: string } | { task: string } | { subscription: string };

/** What was to be opened was not sealed by us, or belongs to something else. */
export class NotSealed extends Error {}

/** Locks small secrets away, of 4,096 bytes at most. Who may seal need not be able to open. */
export interface Seals {
  seal(text: string, owner: SealOwner): Promise<string>;
  /** Throws `NotSealed`. */
  open(sealed: string, owner: SealOwner): Promise<string>;
}
