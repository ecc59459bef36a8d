import { approval } from './approval.ts';
import { email } from './email.ts';
import { emit } from './emit.ts';
import { forEach } from './for-each.ts';
import { http } from './http.ts';
import type { AskKind, CallKind, GroupKind, Kind, LeafKind, TimerKind } from './kind.ts';
import { llm } from './llm.ts';
import { mcp } from './mcp.ts';
import { parallel } from './parallel.ts';
import { raise } from './raise.ts';
import { repeat } from './repeat.ts';
import { run } from './run.ts';
import { set } from './set.ts';
import { switchKind } from './switch.ts';
import { wait } from './wait.ts';

/** Every kind of step, by its key in a document. A new kind is its own file and one word here. */
export const kinds: ReadonlyMap<string, Kind> = new Map(
  [http, llm, mcp, email, emit, set, wait, raise, switchKind, parallel, forEach, repeat, run, approval].map((kind: Kind) => [
    kind.name,
    kind,
  ]),
);

export function kindOf(name: string): Kind {
  const kind = kinds.get(name);
  if (!kind) throw new Error(`there is no kind of step called ${name}`);
  return kind;
}

export function leafKind(name: string): LeafKind {
  const kind = kindOf(name);
  if (kind.shape !== 'leaf') throw new Error(`${name} is not a leaf`);
  return kind;
}

export function timerKind(name: string): TimerKind {
  const kind = kindOf(name);
  if (kind.shape !== 'timer') throw new Error(`${name} is not a timer`);
  return kind;
}

export function callKind(name: string): CallKind {
  const kind = kindOf(name);
  if (kind.shape !== 'call') throw new Error(`${name} starts no run`);
  return kind;
}

export function askKind(name: string): AskKind {
  const kind = kindOf(name);
  if (kind.shape !== 'ask') throw new Error(`${name} asks nobody`);
  return kind;
}

export function groupKind(name: string): GroupKind {
  const kind = kindOf(name);
  if (kind.shape !== 'group') throw new Error(`${name} is not a group`);
  return kind;
}
