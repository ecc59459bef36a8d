import { decodeTime, encodeTime } from 'ulid';
import * as z from 'zod';
import { isPerson } from '../../kernel/actor.ts';
import { fingerprintOf } from '../../kernel/fingerprint.ts';
import { RUN_STATUS, type RunStatus, type Stage, type Trigger } from '../model/status.ts';

/** A text as a whole, or the beginning of one. */
export interface TextMatch {
  text: string;
  isPrefix: boolean;
}

/** Which runs a list, a count or a job is about. What is left out narrows nothing; archived runs are in it only when it says so. */
export interface RunFilter {
  workspace: string;
  project?: string | undefined;
  /** One of the workspace's: who asks has made sure of it. */
  workflowId?: string | undefined;
  /** One of these. */
  status?: readonly RunStatus[] | undefined;
  stage?: Stage | undefined;
  trigger?: Trigger | undefined;
  /** The mailbox, schedule, webhook or queue that it came by. */
  triggerId?: string | undefined;
  /** Id of who started it. */
  actor?: string | undefined;
  /** Whether a person, or a program of theirs, has asked for it. */
  isAskedFor?: true | undefined;
  /** Without regard to case. */
  reference?: TextMatch | undefined;
  id?: TextMatch | undefined;
  /** All of them. */
  labels?: readonly string[] | undefined;
  /** Name of the error that it ended with. */
  error?: string | undefined;
  /** What its failure is recognized by when it happens again. */
  fingerprint?: string | undefined;
  /** Succeeded, and nobody had paused it, been asked, or run it again: as analytics count it. */
  unaided?: true | undefined;
  /** Runs that this one brought about. */
  parent?: string | undefined;
  /** The chain of reruns that began with this one, itself included. */
  root?: string | undefined;
  /** ISO times, inclusive. */
  from?: string | undefined;
  to?: string | undefined;
  /** An id: older ones alone. */
  before?: string | undefined;
  archived?: boolean | 'any' | undefined;
  /** The runs of that id or reference; when there are none, those with it in their reference, name or labels, or at the beginning of their id. */
  q?: string | undefined;
  /** The runs of that id or reference, without regard to case. */
  named?: string | undefined;
}

export const WHOLE_ID = 26;
/** A shorter beginning says less than the quarter of an hour in which a run was made. */
const SHORTEST_ID = 6;

const ID_CHARACTERS = /^[0-9A-HJKMNP-TV-Z]+$/;

/** A text as ids are written, if it can be one or the beginning of one. */
export function idIn(text: string): string | undefined {
  const id = text.toUpperCase();
  return id.length >= SHORTEST_ID && id.length <= WHOLE_ID && ID_CHARACTERS.test(id) ? id : undefined;
}

/** `abc*` is the beginning of a text. */
export const textMatch = (text: string): TextMatch =>
  text.endsWith('*') ? { text: text.slice(0, -1), isPrefix: true } : { text, isPrefix: false };

export const idMatch = (text: string): TextMatch => ({ text: text.toUpperCase(), isPrefix: text.length < WHOLE_ID });

/** As references are compared. */
export const sameCase = (text: string) => text.toLowerCase();

const SAME = ['workspace', 'project', 'workflowId', 'stage', 'trigger', 'triggerId', 'parent'] as const;

type Row = Record<string, unknown>;

/** Whether a run, or its row as it was read, is one that the filter is about. `q` is for those who read: whether it names a run, one run cannot say. */
export function fits(row: Row, filter: RunFilter): boolean {
  const { status, reference, labels = [], error, root, archived = false, named } = filter;
  return (
    SAME.every((field) => filter[field] === undefined || row[field] === filter[field]) &&
    (status === undefined || status.some((one) => one === row['status'])) &&
    (archived === 'any' || (row['archived'] !== undefined) === archived) &&
    (reference === undefined || matches(row['reference'], reference)) &&
    labels.every((label) => labelsOf(row).includes(label)) &&
    (error === undefined || Object(row['error']).name === error) &&
    (filter.fingerprint === undefined || fingerprintIn(row) === filter.fingerprint) &&
    (filter.unaided === undefined || isUnaidedRow(row)) &&
    (filter.actor === undefined || Object(row['actor']).id === filter.actor) &&
    (filter.isAskedFor === undefined || isPerson(Object(row['actor']))) &&
    (root === undefined || row['root'] === root || row['id'] === root) &&
    (named === undefined || row['id'] === named.toUpperCase() || matches(row['reference'], { text: named, isPrefix: false })) &&
    (filter.q === undefined || holds(row, filter.q)) &&
    isWithin(String(row['id']), boundsOf(filter)) &&
    (filter.before === undefined || String(row['id']) < filter.before)
  );
}

const isUnaidedRow = (row: Row) => row['status'] === 'succeeded' && row['trigger'] !== 'rerun' && row['helped'] === undefined;

const failed = z.object({
  workflowId: z.string(),
  error: z.object({ name: z.string(), message: z.string(), step: z.string().optional() }),
});

/** Of a run that has failed; the same that figures of failures go by. */
function fingerprintIn(row: Row): string | undefined {
  const { data } = failed.safeParse(row);
  return data && fingerprintOf({ workflowId: data.workflowId, ...data.error });
}

function matches(value: unknown, { text, isPrefix }: TextMatch): boolean {
  if (typeof value !== 'string') return false;
  const [whole, looked] = [sameCase(value), sameCase(text)];
  return isPrefix ? whole.startsWith(looked) : whole === looked;
}

const labelsOf = ({ labels }: Row): unknown[] => (Array.isArray(labels) ? labels : []);

function holds(row: Row, q: string): boolean {
  const text = sameCase(q);
  const begins = q.length >= SHORTEST_ID && String(row['id']).startsWith(q.toUpperCase());
  return (
    begins ||
    [row['reference'], row['name'], ...labelsOf(row)].some((one) => typeof one === 'string' && sameCase(one).includes(text))
  );
}

/** The first and the last id that a run may have. */
export interface Bounds {
  from: string;
  to: string;
}

/** A run of a chain is younger than the first of it. */
export function boundsOf({ from, to, before, id, root }: Pick<RunFilter, 'from' | 'to' | 'before' | 'id' | 'root'>): Bounds {
  const lowest = [timePart(from ?? 0) + FIRST, padded(id, '0'), root ?? ''];
  const highest = [to === undefined ? LAST_ID : timePart(to) + LAST, padded(id, 'Z') || LAST_ID, before ?? LAST_ID];
  return { from: lowest.toSorted().at(-1) ?? '', to: highest.toSorted()[0] ?? '' };
}

const isWithin = (id: string, { from, to }: Bounds) => id >= from && id <= to;

const padded = (id: TextMatch | undefined, digit: string) => (id === undefined ? '' : id.text.padEnd(WHOLE_ID, digit));

const FIRST = '0'.repeat(16);
const LAST = 'Z'.repeat(16);
const LAST_ID = `7${'Z'.repeat(25)}`;
const LATEST_MS = decodeTime(LAST_ID);

/** Ids begin in 1970. */
const timePart = (at: string | 0) => encodeTime(Math.min(Math.max(0, new Date(at).getTime()), LATEST_MS));

/** Whether few runs are in these states, so that an index holds them. */
export const areRare = (status: readonly RunStatus[]) => status.every((one) => RUN_STATUS[one].rare);
