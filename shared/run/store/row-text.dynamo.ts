import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { parseJson } from '../../kernel/json.ts';
import { bytes, deflated, inflated } from './deflated.ts';

/** What stands in nearly every row, the most frequent last: with it the text of a small run becomes less than a third as long. */
const DICTIONARY = Buffer.from(
  [
    '"fileIds":["01M","connectionOverrides":{"parent":"01M","parentStep":"root":"01M","rerunOf":{"from":"failed","depth":1,"attempt":2,"retention":{"succeeded":,"failed":"concurrency":{"place":"limit":1,',
    '"queued":{"at":"2026-12-"},"pause":{"stop":{"mode":"graceful","actor":{"kind":"system","id":"execution":2,"exceptions":1,"helped":true,"reason":"","masked":["secret":true,"trace":"00-',
    '"error":{"name":"InputInvalid","name":"TimeoutError","name":"RaisedError","name":"HttpServerError","message":"The answer was ","step":"","data":{"status":503',
    '"trigger":"child","trigger":"rerun","trigger":"event","trigger":"queue","trigger":"schedule","trigger":"email","trigger":"webhook","triggerId":"01M","stage":"Draft","kind":"trigger","kind":"user","id":"","email":"@example.com',
    '"reference":"order-","outputs":{"json":"{\\"ok\\":true,\\"status\\":\\"id\\":\\"","inputs":{"json":"{\\"name\\":\\"email\\":\\"amount\\":\\"currency\\":\\"EUR\\"items\\":[{\\"order\\":\\"customer\\":{\\"subject\\":\\"text\\":\\"from\\":{',
    '{"workspace":"local","project":"default","workflowId":"01M","workflowName":"","name":"","stage":"Published","version":1,"trigger":"api","createdAt":"2026-1-T","definition":"0123456789abcdef","inputs":{"json":"{}"},',
    '"actor":{"kind":"key","id":"01M","name":""},"timeoutSeconds":7776000,"asked":{"from":{"ip":"10.0.0.1"}},"startedAt":"2026-1-T","endedAt":"2026-1-T","deadline":"2027-0-',
    'Z","credits":1000,"awsDollars":0.00000,"outputs":{"json":"{}"},"steps":{"total":,"pending":,"running":,"waiting":,"failed":1,"cancelled":,"skipped":,"succeeded":1}}',
  ].join(''),
);

/** Fields of a run as one attribute of its row. */
export const rowText = (fields: object): Buffer => deflated(JSON.stringify(fields), DICTIONARY);

/** The fields that the attribute holds, unchecked. Throws when there is none. */
export function fieldsOf(attribute: AttributeValue | undefined): object {
  const fields = parseJson(inflated(bytes.parse(attribute?.B), DICTIONARY));
  if (typeof fields !== 'object' || fields === null) throw new Error('The row of a run lacks its text.');
  return fields;
}
