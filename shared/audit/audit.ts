import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { ACT_WORDS, type Act, OBJECT_KINDS, OBJECTS, type ObjectKind } from '../kernel/act.ts';
import { type Acting, origin } from '../kernel/acting.ts';
import { actor } from '../kernel/actor.ts';
import { newId } from '../kernel/id.ts';
import { MASK } from '../kernel/mask.ts';
import { firstWords } from '../kernel/words.ts';

const fields = z.record(z.string(), z.unknown());

/** One act: who did what to which object, when, from where and why, and what it changed. */
export const auditRecord = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string().optional(),
  at: z.string(),
  act: z.enum(ACT_WORDS),
  actor,
  object: z.object({ kind: z.enum(OBJECT_KINDS), id: z.string(), name: z.string().optional() }),
  from: origin.optional(),
  reason: z.string().optional(),
  /** The fields that changed, as they were and as they are. Secrets never. */
  before: fields.optional(),
  after: fields.optional(),
});
export type AuditRecord = z.infer<typeof auditRecord>;

export interface AuditFilter {
  workspace: string;
  /** One project's alone. */
  project?: string | undefined;
  /** Acts on these kinds alone. */
  kinds?: readonly ObjectKind[] | undefined;
  /** Id of who did it. */
  actor?: string | undefined;
  /** Id of what it was done to. */
  object?: string | undefined;
  act?: Act | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

export interface Audit {
  /** Writes it, whatever else is written; the same record once more is the same record. */
  add(record: AuditRecord): Promise<void>;
  /** Newest first. */
  list(filter: AuditFilter, look: Look): Promise<Records>;
}

/** The newest records, those before the one of that id. */
export interface Look {
  limit: number;
  before?: string | undefined;
}

export interface Records {
  records: AuditRecord[];
  /** The id down to which it has looked, when there is more. */
  searched: string | undefined;
}

/** An object, and what is changed of it. */
export interface Changed {
  object: ObjectKind;
  id: string;
  name?: string | undefined;
  project?: string | undefined;
  before?: object | undefined;
  after?: object | undefined;
}

/** The record of an act, whose word is known; undefined when nothing has changed. */
export function recordOf(
  { act, actor, workspace, from, reason }: Acting & { act: Act },
  { object: kind, id, name, project, before, after }: Changed,
  now: Date,
): AuditRecord | undefined {
  const fields = changedFields(kind, before, after);
  if (before && after && Object.keys(fields.after ?? {}).length === 0) return undefined;
  return {
    id: newId(now.getTime()),
    workspace,
    at: now.toISOString(),
    act,
    actor,
    object: { kind, id, ...(name !== undefined && { name }) },
    ...(project !== undefined && { project }),
    ...(from && { from }),
    ...(reason !== undefined && { reason }),
    ...fields,
  };
}

/** What is told of a change: of each field that is shown, how it was and how it is, where that differs. */
function changedFields(
  kind: ObjectKind,
  before: object | undefined,
  after: object | undefined,
): Pick<AuditRecord, 'before' | 'after'> {
  const was = new Map(Object.entries(before ?? {}));
  const is = new Map(Object.entries(after ?? {}));
  const { shows, hides }: { shows: readonly string[]; hides: readonly string[] } = OBJECTS[kind];
  const names = [...shows, ...hides].filter((name) => !isDeepStrictEqual(was.get(name), is.get(name)));
  const shown = (values: Map<string, unknown>) =>
    Object.fromEntries(
      names.map((name) => [snakeCase(name), hides.includes(name) ? masked(values.get(name)) : cut(values.get(name))]),
    );
  return { ...(before && { before: shown(was) }), ...(after && { after: shown(is) }) };
}

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const masked = (value: unknown) => (value === undefined ? null : MASK);

/** A record is to be read by people. */
const MOST_CHARACTERS = 1_000;

function cut(value: unknown): unknown {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  if (text.length <= MOST_CHARACTERS) return value ?? null;
  return `${firstWords(text, MOST_CHARACTERS)}...`;
}
