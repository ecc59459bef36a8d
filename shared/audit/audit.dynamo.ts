import { type DynamoDBClient, PutItemCommand, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { fromItem, type Item, toItem } from '../aws/items.ts';
import { patiently } from '../aws/patiently.ts';
import { firstIdAt, lastIdAt } from '../kernel/id.ts';
import type { Audit, AuditFilter, AuditRecord, Look, Records } from './audit.ts';
import { type AuditSettings, objectList, projectList, recordPut, shardsOf, storedRecord } from './audit-items.dynamo.ts';

/** Records that one page looks at, where a filter is rare. */
const MOST_READ = 2_000;
/** Of one partition at a time, when something is filtered out. */
const READ_AT_ONCE = 250;

/** Where a list stands: partitions of the table, or of an index. */
interface Partitions {
  index?: string;
  attribute: string;
  values: string[];
}

/** The audit log in a table of its own. */
export class DynamoAudit implements Audit {
  readonly #client: () => DynamoDBClient;
  readonly #settings: AuditSettings;

  constructor(client: () => DynamoDBClient, settings: AuditSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  async add(record: AuditRecord): Promise<void> {
    const put = new PutItemCommand(recordPut(record, this.#settings).Put);
    await patiently(() => this.#client().send(put));
  }

  async list(filter: AuditFilter, { limit, before }: Look): Promise<Records> {
    const first = firstIdAt(filter.from);
    const last = lastIdAt(filter.to);
    const records: AuditRecord[] = [];
    let looked = 0;
    for (let to = before !== undefined && before < last ? before : last; ; ) {
      const { found, searched, read, isEnd } = await this.#look(filter, { first, before: to }, limit);
      records.push(...found);
      looked += read;
      if (records.length > limit || (records.length === limit && !isEnd))
        return { records: records.slice(0, limit), searched: records[limit - 1]?.id };
      if (isEnd) return { records, searched: undefined };
      to = searched;
      if (looked >= MOST_READ) return { records, searched };
    }
  }

  /** One look into every partition: what all of them have read through. */
  async #look(filter: AuditFilter, { first, before }: { first: string; before: string }, limit: number) {
    const { index, attribute, values } = partitionsOf(filter);
    const { conditions, names, inserts } = filtered(filter);
    const size = conditions.length > 0 ? Math.max(READ_AT_ONCE, limit + 1) : limit + 1;
    const query = (value: string): QueryCommandInput => ({
      TableName: this.#settings.table,
      IndexName: index,
      KeyConditionExpression: '#key = :key AND #sk BETWEEN :first AND :before',
      FilterExpression: conditions.length > 0 ? conditions.join(' AND ') : undefined,
      ExpressionAttributeNames: { '#key': attribute, '#sk': 'sk', ...names },
      ExpressionAttributeValues: toItem({ ':key': value, ':first': first, ':before': before, ...inserts }),
      ScanIndexForward: false,
      Limit: size,
    });
    // Bounds are inclusive: the record that a page has ended with comes again, and is left out.
    if (first > before) return { found: [], searched: first, read: 0, isEnd: true };
    const parts = await Promise.all(values.map((value) => patiently(() => this.#client().send(new QueryCommand(query(value))))));
    const open = parts.flatMap(({ LastEvaluatedKey }) =>
      LastEvaluatedKey?.['sk']?.S === undefined ? [] : [LastEvaluatedKey['sk'].S],
    );
    // What stands behind the place up to which every partition has been read may still be preceded by something.
    const searched = open.toSorted().at(-1) ?? first;
    const found = parts
      .flatMap(({ Items = [] }) => Items)
      .map(recordIn)
      .filter(({ id }) => id < before && (open.length === 0 || id >= searched))
      .toSorted((a, b) => (a.id < b.id ? 1 : -1));
    const read = parts.reduce((sum, { ScannedCount = 0 }) => sum + ScannedCount, 0);
    return { found, searched, read, isEnd: open.length === 0 };
  }
}

const recordIn = (item: Item): AuditRecord => storedRecord.parse(fromItem(item));

/** The narrowest list that has it all. */
function partitionsOf({ workspace, project, object }: AuditFilter): Partitions {
  if (object !== undefined) return { index: 'by-object', attribute: 'objectKey', values: [objectList(workspace, object)] };
  if (project !== undefined)
    return { index: 'by-project', attribute: 'projectKey', values: shardsOf(projectList(workspace, project)) };
  return { attribute: 'pk', values: shardsOf(workspace) };
}

/** What no list knows. */
function filtered({ object, project, actor, act, kinds }: AuditFilter) {
  const equal = Object.entries({ actorId: actor, act, ...(object !== undefined && { project }) }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const conditions = equal.map(([field]) => `#${field} = :${field}`);
  const names: Record<string, string> = Object.fromEntries(equal.map(([field]) => [`#${field}`, field]));
  const inserts: Record<string, string> = Object.fromEntries(equal.map(([field, value]) => [`:${field}`, value]));
  if (kinds) {
    conditions.push(`#kind IN (${kinds.map((_, at) => `:kind${at}`).join(', ')})`);
    names['#kind'] = 'objectKind';
    for (const [at, kind] of kinds.entries()) inserts[`:kind${at}`] = kind;
  }
  return { conditions, names, inserts };
}
