import type { Usage } from '../usage/usage.ts';

const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems']);
const SINGLE_WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
const WRITES = new Set([...SINGLE_WRITES, 'BatchWriteItem', 'TransactWriteItems']);

const WANTS_CAPACITY = '"ReturnConsumedCapacity"';
const ASK = Buffer.from('{"ReturnConsumedCapacity":"INDEXES",');
const CAPACITY = '"ConsumedCapacity":';
const BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** A name can only be followed by a text outside items: inside, a value is always an object with its type. */
const TOTAL = /"TableName":"[^"]*","CapacityUnits":([\d.]+)/g;
const WRITTEN = /"(?:TableName":"|PutRequest":\{"Item|DeleteRequest":\{"Key)/g;

/** Whether requests of this operation are counted in units. */
export function isMetered(operation: string): boolean {
  return READS.has(operation) || WRITES.has(operation);
}

export const isWrite = (operation: string) => WRITES.has(operation);

/** The request with the question what it consumed; unchanged when its sender asks already. Spliced, because parsing costs ten times as much. */
export function askingForCapacity(request: Buffer): Buffer {
  if (request[0] !== BRACE || request[1] === CLOSING_BRACE || request.includes(WANTS_CAPACITY)) return request;
  const asking = Buffer.allocUnsafe(ASK.length + request.length - 1);
  ASK.copy(asking);
  request.copy(asking, ASK.length, 1);
  return asking;
}

/** Counts an answered request. */
export function meter(usage: Usage['dynamodb'], operation: string, { request, response, ok }: Answered): void {
  usage.requests += 1;
  const units = ok ? consumed(response) : 0;
  if (READS.has(operation)) {
    usage.readUnits += units;
    return;
  }
  if (ok) usage.itemWrites += SINGLE_WRITES.has(operation) ? 1 : (request.toString('latin1').match(WRITTEN)?.length ?? 0);
  usage.writeUnits += ok ? units : refusedUnits(response);
}

interface Answered {
  request: Buffer;
  response: Buffer;
  ok: boolean;
}

function consumed(response: Buffer): number {
  let sum = 0;
  // An attribute of an item may have the same name; the pattern tells them apart.
  for (let at = response.indexOf(CAPACITY); at >= 0; at = response.indexOf(CAPACITY, at + 1)) {
    const after = response.toString('latin1', at, at + 4096);
    for (const [, units] of after.matchAll(TOTAL)) sum += Number(units);
    if (sum > 0) return sum;
  }
  return sum;
}

/** A condition that does not hold costs a write all the same, of one unit as the item's size is not known here. */
function refusedUnits(response: Buffer): number {
  return response.includes('ConditionalCheckFailed') ? 1 : 0;
}
