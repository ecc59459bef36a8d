/** What went wrong, in words that the edge maps to one status each. */
export type ProblemKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'too-large'
  | 'unsupported'
  | 'document'
  | 'busy'
  | 'unavailable';

export interface Detail {
  name: string;
  value: string | number;
}

/** A refusal that the caller may read: says what was given and what to do. Everything else that is thrown is a fault of ours. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly details: Detail[];

  constructor(kind: ProblemKind, message: string, details: Detail[] = []) {
    super(message);
    this.name = 'Problem';
    this.kind = kind;
    this.details = details;
  }
}

/** Also the answer for what belongs to others. */
export const notFound = (what: string, id: string) =>
  new Problem('not-found', `There is no ${what} "${id}".`, [{ name: what.replaceAll(' ', '_'), value: id }]);
