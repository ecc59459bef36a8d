import { createHash } from 'node:crypto';

/** What a failure is recognized by when it happens again. */
export interface FailedAt {
  workflowId: string;
  /** The step that failed first; absent when the run failed outside of any. */
  step?: string | undefined;
  /** Name of the error. */
  name: string;
  message: string;
}

/** So much of a message is looked at: what tells failures apart stands at its beginning. */
const LOOKED_AT = 500;

/** Some of its groups may have no digit. */
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;

/**
 * The message without what differs each time. A word with a digit in it is a number, an id, a time or a part of one, and what such words are joined by
 * belongs to them: `order 4711-A of 2026-11-28T01:02Z` is `order # of #`. Every character is looked at a fixed number of times.
 */
export const patternOf = (message: string): string =>
  message
    .slice(0, LOOKED_AT)
    .toWellFormed()
    .replace(UUID, '#')
    .replace(/[\p{L}\p{N}]+/gu, (word) => (/\p{N}/u.test(word) ? '#' : word))
    .replace(/#(?:[-._:/,+@]#)+/g, '#')
    .replace(/\s+/g, ' ')
    .trim();

/** Of failures that one connection has caused, in whatever workflow of its project. */
export const connectionGroupOf = (owner: { workspace: string; project: string }, name: string): string =>
  createHash('sha256')
    .update(JSON.stringify(['connection', owner.workspace, owner.project, name]))
    .digest('base64url')
    .slice(0, 16);

/** Failures with the same one have the same cause, as far as their words tell. */
export const fingerprintOf = ({ workflowId, step = '', name, message }: FailedAt): string =>
  createHash('sha256')
    .update(JSON.stringify([workflowId, step, name, patternOf(message)]))
    .digest('base64url')
    .slice(0, 16);
