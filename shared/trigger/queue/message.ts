import * as z from 'zod';
import { inspectJson } from '../../kernel/inspect-json.ts';
import { parseJson } from '../../kernel/json.ts';
import { MASK } from '../../kernel/mask.ts';
import { isSecretName } from '../../step/http/secret-names.ts';
import type { RawForm } from '../delivery/raw.ts';
import { mappedInputs, meetsCondition, type TriggerExpressions } from '../expression/trigger-expressions.ts';
import { MESSAGE } from './queue.ts';

/** A message of SQS, as far as triggers care. */
const message = z.object({
  id: z.string(),
  /** Name of the queue of SQS that it came from. */
  from: z.string(),
  body: z.string(),
  attributes: z.record(z.string(), z.string()),
  sentAt: z.string(),
  /** Of a FIFO queue: what keeps its order. */
  groupId: z.string().optional(),
});
export type Message = z.infer<typeof message>;

/** A message as it is kept. */
export const writeMessage = (one: Message): Buffer => Buffer.from(JSON.stringify(one));
export const readMessage = (kept: Buffer): Message => message.parse(JSON.parse(kept.toString()));

/** A message for people: JSON, credentials among its attributes masked. */
export const rawMessage: RawForm = {
  ending: 'json',
  write(kept) {
    const { attributes, ...rest } = readMessage(kept);
    const shown = Object.entries(attributes).map(([name, value]) => [name, isSecretName(name) ? MASK : value]);
    return Buffer.from(JSON.stringify({ ...rest, attributes: Object.fromEntries(shown) }, null, 2));
  },
};

/** The inputs that a message means. Without a mapping they are its body, or `{body}` when that is no object. */
export const inputsOf = ({ mapping }: TriggerExpressions, one: Message) => mappedInputs(mapping, namesOf(one), MESSAGE);

export const meets = ({ if: condition }: TriggerExpressions, one: Message) => meetsCondition(condition, namesOf(one), MESSAGE);

function namesOf({ body, attributes, id, from, sentAt, groupId }: Message) {
  return { body: bodyOf(body), attributes, message: { id, queue: from, sent_at: sentAt, group_id: groupId ?? null } };
}

/** JSON as its value, all else as text. */
function bodyOf(text: string): unknown {
  const value = jsonOf(text);
  if (value === undefined) return text;
  inspectJson(value);
  return value;
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
