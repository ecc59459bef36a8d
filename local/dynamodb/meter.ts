import type { Usage } from '../usage/usage.ts';

const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems']);
const SINGLE_WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
const WRITES = new Set([...SINGLE_WRITES, 'BatchWriteItem', 'TransactWriteItems']);

const WANTS_CAPACITY = '"ReturnConsumedCapacity"';
const ASK = Buffer.from('{"ReturnConsumedCapacity":"INDEXES",');
const CAPACITY = '"ConsumedCapacity":';
/** Of a transaction. */
const REFUSED = /"Code":"ConditionalCheckFailed"/g;
const BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** A name can only be followed by a text outside items: inside, a value is always an object with its type. */
const TOTAL =
  /"TableName":"([^"]*)","CapacityUnits":([\d.]+)(?:,"WriteCapacityUnits":[\d.]+,"Table":\{"CapacityUnits":([\d.]+))?/g;
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
export function meter(usage: Usage['dynamodb'], operation: string, { request, response, ok, isGroup = false }: Answered): void {
  usage.requests += 1;
  const byTable = ok ? consumed(response, isGroup) : [];
  const units = byTable.reduce((sum, [, one]) => sum + one, 0);
  if (READS.has(operation)) {
    usage.readUnits += units;
    return;
  }
  if (ok) usage.itemWrites += SINGLE_WRITES.has(operation) ? 1 : (request.toString('latin1').match(WRITTEN)?.length ?? 0);
  usage.writeUnits += ok ? units : refusedUnits(response);
  for (const [table, one] of byTable) usage.writtenTo[table] = (usage.writtenTo[table] ?? 0) + one;
}

interface Answered {
  request: Buffer;
  response: Buffer;
  ok: boolean;
  isGroup?: boolean;
}

/** Units by the name of the table. Of a group what its members would have cost alone: for a transaction the emulator counts twice what the table takes, and its indexes once. */
function consumed(response: Buffer, isGroup: boolean): [string, number][] {
  // An attribute of an item may have the same name; the pattern tells them apart.
  for (let at = response.indexOf(CAPACITY); at >= 0; at = response.indexOf(CAPACITY, at + 1)) {
    const after = response.toString('latin1', at, at + 4096);
    const found = [...after.matchAll(TOTAL)].map(([, table = '', units, own = 0]): [string, number] => [
      table,
      Number(units) - (isGroup ? Number(own) / 2 : 0),
    ]);
    if (found.some(([, units]) => units > 0)) return found;
  }
  return [];
}

/** A condition that does not hold costs a write all the same, of one unit as the item's size is not known here. */
function refusedUnits(response: Buffer): number {
  const each = response.toString('latin1').match(REFUSED)?.length ?? 0;
  return each > 0 || !response.includes('ConditionalCheckFailed') ? each : 1;
}
