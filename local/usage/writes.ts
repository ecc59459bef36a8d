import * as z from 'zod';

const value = z.looseObject({ S: z.string().optional() });
const item = z.record(z.string(), value);
type Item = z.infer<typeof item>;

const put = z.object({ TableName: z.string(), Item: item });
const remove = z.object({ TableName: z.string(), Key: item });
const update = z.object({
  TableName: z.string(),
  Key: item,
  UpdateExpression: z.string().default(''),
  ExpressionAttributeNames: z.record(z.string(), z.string()).default({}),
  ExpressionAttributeValues: item.default({}),
});
const transaction = z.object({
  TransactItems: z.array(
    z.object({ Put: put.optional(), Update: update.optional(), Delete: remove.optional(), ConditionCheck: remove.optional() }),
  ),
});
const batch = z.object({
  RequestItems: z.record(
    z.string(),
    z.array(z.object({ PutRequest: z.object({ Item: item }).optional(), DeleteRequest: z.object({ Key: item }).optional() })),
  ),
});

/** What becomes of an attribute; undefined when the item has it no more. */
type Change = { value: string | undefined } | 'kept' | 'unknown' | undefined;

/** One item that a request writes. */
export interface Write {
  table: string;
  /** The text attributes that the request names it by, those of its key among them. */
  item: Record<string, string | undefined>;
  /** In write units, as far as the request tells. */
  weight: number;
  change(attribute: string): Change;
}

/** The items that a request writes. */
export function writesOf(operation: string, request: Buffer): Write[] {
  const input: unknown = JSON.parse(request.toString());
  switch (operation) {
    case 'PutItem':
      return [putOf(put.parse(input))];
    case 'UpdateItem':
      return [updateOf(update.parse(input))];
    case 'DeleteItem':
      return [removeOf(remove.parse(input))];
    case 'TransactWriteItems':
      return transaction
        .parse(input)
        .TransactItems.flatMap(({ Put, Update, Delete, ConditionCheck }) => [
          ...(Put ? [putOf(Put)] : []),
          ...(Update ? [updateOf(Update)] : []),
          ...(Delete ? [removeOf(Delete)] : []),
          ...(ConditionCheck ? [{ ...removeOf(ConditionCheck), change: (): Change => 'kept' }] : []),
        ]);
    case 'BatchWriteItem':
      return Object.entries(batch.parse(input).RequestItems).flatMap(([TableName, requests]) =>
        requests.flatMap(({ PutRequest, DeleteRequest }) => [
          ...(PutRequest ? [putOf({ TableName, ...PutRequest })] : []),
          ...(DeleteRequest ? [removeOf({ TableName, ...DeleteRequest })] : []),
        ]),
      );
    default:
      return [];
  }
}

const textsOf = (item: Item) => Object.fromEntries(Object.entries(item).map(([name, { S }]) => [name, S]));

function putOf({ TableName, Item }: z.infer<typeof put>): Write {
  const texts = textsOf(Item);
  const weight = Math.ceil(JSON.stringify(Item).length / 1024);
  return { table: TableName, item: texts, weight, change: (attribute) => ({ value: texts[attribute] }) };
}

const removeOf = ({ TableName, Key }: z.infer<typeof remove>): Write => ({
  table: TableName,
  item: textsOf(Key),
  weight: 1,
  change: () => undefined,
});

function updateOf({ TableName, Key, ...expression }: z.infer<typeof update>): Write {
  return { table: TableName, item: textsOf(Key), weight: 1, change: (attribute) => changeBy(expression, attribute) };
}

/** What an update expression does to an attribute, when that is to set it to a value of the request or to remove it. */
function changeBy(
  { UpdateExpression, ExpressionAttributeNames, ExpressionAttributeValues }: Omit<z.infer<typeof update>, 'TableName' | 'Key'>,
  attribute: string,
): Change {
  const names = [
    attribute,
    ...Object.keys(ExpressionAttributeNames).filter((key) => ExpressionAttributeNames[key] === attribute),
  ];
  const name = `(?<![\\w#.])(?:${names.join('|')})(?![\\w.])`;
  const set = new RegExp(`${name}\\s*=\\s*(:\\w+)\\s*(?=,|$|\\bREMOVE\\b|\\bADD\\b|\\bDELETE\\b)`).exec(UpdateExpression)?.[1];
  if (set) return { value: ExpressionAttributeValues[set]?.S };
  if (new RegExp(`${name}\\s*=`).test(UpdateExpression)) return 'unknown';
  const removed = /\bREMOVE\b([^=]*?)(?=\bSET\b|\bADD\b|\bDELETE\b|$)/.exec(UpdateExpression)?.[1] ?? '';
  return new RegExp(name).test(removed) ? undefined : 'kept';
}
