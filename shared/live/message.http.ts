import * as z from 'zod';
import { isResourceId } from '../edge/schema.ts';
import { filterFields, filterOf } from '../run/list/filter.http.ts';
import type { RunFilter } from '../run/list/filter.ts';
import { FEED, type LiveCaller } from './live.ts';

/** Longer than any credential and any filter. */
const LONGEST_MESSAGE = 8 * 1024;

const feedFilter = z.strictObject({ ...filterFields, workflow_id: z.string().optional(), project_id: z.string().optional() });
/** Checked, and kept as it was written: it is read anew whenever there is something to tell. */
const writtenFilter = z.record(z.string(), z.unknown()).refine((filter) => feedFilter.safeParse(filter).success);
const message = z.union([
  z.strictObject({ authorize: z.string().min(1), member: z.string().optional() }),
  z.strictObject({ subscribe: z.string(), after: z.int().min(-1).optional() }),
  z.strictObject({ subscribe: z.literal(FEED), filter: writtenFilter.default({}) }),
  z.strictObject({ unsubscribe: z.string() }),
]);
export type LiveMessage = z.infer<typeof message>;

/** What is wrong with a message, for who has sent it. */
export class Refused extends Error {
  override name = 'Refused';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const FORMS =
  '{"authorize": "..."}, {"subscribe": "run:<id>", "after": 0}, {"subscribe": "feed", "filter": {}} or {"unsubscribe": "..."}';

/** The message that a client has sent. Throws `Refused`. */
export function parseMessage(text: string): LiveMessage {
  if (text.length > LONGEST_MESSAGE) throw new Refused('TooLarge', `A message has ${LONGEST_MESSAGE} characters at most.`);
  const parsed = message.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new Refused('BadMessage', `A message is ${FORMS}.`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused('BadMessage', `A message is JSON: ${FORMS}.`);
  }
}

/** The run that a topic is about; undefined for the feed. Throws `Refused` for what is no topic. */
export function runOfTopic(topic: string): string | undefined {
  if (topic === FEED) return undefined;
  const id = topic.startsWith('run:') ? topic.slice(4) : '';
  if (!isResourceId(id))
    throw new Refused('UnknownTopic', `"${topic.slice(0, 100)}" is no topic: those are "feed" and "run:<id>".`);
  return id;
}

/** The runs that a feed is about, among those that its subscriber may see. */
export function feedFilterOf(caller: LiveCaller, filter: Record<string, unknown>): RunFilter {
  const { workflow_id, project_id, ...query } = feedFilter.parse(filter);
  return filterOf(query, {
    workspace: caller.workspace,
    project: caller.project ?? project_id,
    workflowId: workflow_id,
  });
}
