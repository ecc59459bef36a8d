/** What a secret belongs to: one kind of thing, and which. Copied into the row of another it opens no more. */
export type SealOwner = { webhook: string } | { connection: string };

/** Locks small secrets away, of 4,096 bytes at most. Who may seal need not be able to open. */
export interface Seals {
  seal(text: string, owner: SealOwner): Promise<string>;
  open(sealed: string, owner: SealOwner): Promise<string>;
}
