import * as z from 'zod';
import type { Item } from '../../aws/items.ts';
import { bytes, deflated, inflated } from './deflated.ts';

/** A shorter text would hardly become shorter. */
const SHORTEST_PACKED = 200;

/**
 * What stands in nearly every journal, the most frequent last: with it the texts of small runs become less than half as long, and storage is what most of
 * a run costs. Never changed: what was written with it is read with it. Another one would go with another name of the attribute.
 */
const DICTIONARY = Buffer.from(
  [
    '{"type":"run_stopping","at":"2026-","actor":{"kind":"user","id":"","name":"","email":""},"reason":""},{"type":"run_pausing",{"type":"run_paused",{"type":"run_resumed",',
    '{"type":"run_queued","until":"{"type":"run_admitted",{"type":"execution_started","execution":2},{"type":"step_skipped","reason":"condition"},{"type":"step_cancelled",',
    '{"type":"task_opened","task":"01M","kind":"approval","title":"","assignees":["@example.com"],"until":"{"type":"task_answered","decision":"approve","form":{',
    '{"type":"child_started","child":"01M","childEnd":{"type":"child_ended","status":"failed","error":{"name":"TimeoutError","message":"","data":{"status":500,',
    '{"type":"step_retrying","until":"2026-","attempt":1,"error":{"name":"HttpError","message":"The answer was "{"type":"step_failed","caught":true,"usage":{"http":1,"tokens":{"in":,"out":',
    '"cache-control\\":\\"no-cache\\",\\"etag\\":\\"\\",\\"server\\":\\"nginx\\",\\"vary\\":\\"Accept-Encoding\\",\\"x-request-id\\":\\"\\",\\"set-cookie\\":\\"\\",\\"content-length\\":\\"\\",\\"location\\":\\"https://',
    '\\"access-control-allow-origin\\":\\"*\\",\\"strict-transport-security\\":\\"max-age=31536000; includeSubDomains\\",\\"content-type\\":\\"text/html; charset=utf-8\\",\\"content-encoding\\":\\"gzip\\"',
    '\\"created_at\\":\\"2026-\\",\\"updated_at\\":\\"\\",\\"customer\\":{\\"name\\":\\"\\",\\"email\\":\\"\\",\\"order\\":\\"number\\":\\"amount\\":\\"currency\\":\\"EUR\\",\\"items\\":[{\\"quantity\\":1,\\"price\\":\\"status\\":\\"open\\",\\"total\\":\\"message\\":\\"null,false,true',
    '[{"type":"driver_started","at":"2026-11-","execution":1,"id":"arn:aws:states:us-east-1:000000000000:express:millrun-runs:01M-1:","invocation":"-4"},{"type":"run_started","at":"2026-',
    '{"type":"driver_left","at":"2026-","until":"{"type":"run_ended","at":"2026-","status":"succeeded","outputs":{"json":"{\\"',
    'Z","key":""},{"type":"step_started","input":{"json":"{\\"method\\":\\"GET\\",\\"method\\":\\"POST\\",\\"url\\":\\"https://api.\\",\\"headers\\":{\\"query\\":{\\"body\\":{\\"id\\":\\"',
    '"}"},"at":"2026-12-T","key":""},{"type":"step_completed","output":{"json":"{\\"status\\":200,\\"headers\\":{\\"content-type\\":\\"application/json\\",\\"date\\":\\"Sat, Sun, Mon, Tue, Wed, Thu, Fri, 28 Nov 2026 GMT\\",\\"connection\\":\\"keep-alive\\",\\"keep-alive\\":\\"timeout=60\\",\\"transfer-encoding\\":\\"chunked\\"},\\"body\\":{\\"',
  ].join(''),
);

/** The text of entries as an attribute of their item. */
export function textAttribute(text: string): Item {
  if (text.length < SHORTEST_PACKED) return { entries: { S: text } };
  return { packed: { B: deflated(text, DICTIONARY) } };
}

/** The text of the entries of an item. */
export const entriesText = z
  .union([z.object({ entries: z.object({ S: z.string() }) }), z.object({ packed: z.object({ B: bytes }) })])
  .transform((item) => ('entries' in item ? item.entries.S : inflated(item.packed.B, DICTIONARY)));
