import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { decodeTime, encodeTime } from 'ulid';
import { type RunEntry, runEntry } from '../run/model/run.ts';
import type { Page, PageOf, RunFilter } from '../run/ports.ts';
import { badToken, fromItem, type Item, listName, readToken, toItem, writeToken } from './items.ts';
import { projectKey, runKey, stateKey, workflowKey, workspaceKey } from './run-items.ts';

/** The index that narrows a list most, and what is left to filter. */
interface Partition {
  index: string;
  attribute: string;
  value: string;
  served: 'status' | 'stage' | 'workflowId' | 'project' | undefined;
}

/** Rows read for one page of a filtered list at the most: the page may be short, the cost of one Query is bounded. */
const FILTERED_READ = 400;

function partitionOf(filter: RunFilter): Partition {
  const { workspace, project, workflowId, status, stage, parent } = filter;
  if (parent) return { index: 'by-parent', attribute: 'parentKey', value: parent, served: undefined };
  const state = status && stateKey(workspace, status);
  if (workflowId && stage === 'Draft')
    return { index: 'by-draft', attribute: 'draftKey', value: workflowKey({ workflowId }), served: 'stage' };
  if (state && !workflowId) return { index: 'by-state', attribute: 'stateKey', value: state, served: 'status' };
  if (workflowId)
    return { index: 'by-workflow', attribute: 'workflowKey', value: workflowKey({ workflowId }), served: 'workflowId' };
  if (project)
    return { index: 'by-project', attribute: 'projectKey', value: projectKey({ workspace, project }), served: 'project' };
  return { index: 'by-workspace', attribute: 'workspaceKey', value: workspaceKey({ workspace }), served: undefined };
}

/** One Query, newest first. A filter that no index serves makes pages shorter, never reads longer. */
export async function listRuns(
  client: DynamoDBClient,
  table: string,
  filter: RunFilter,
  { limit, token }: PageOf,
): Promise<Page<RunEntry>> {
  const partition = partitionOf(filter);
  const name = listName([partition.index, partition.value, filter]);
  const [from, to] = [firstId(filter.from), lastId(filter.to)];
  // DynamoDB refuses bounds that are the wrong way round.
  if (from > to) return { items: [], next: undefined };
  const last = readToken(name, token);
  // Nor may a list go on from outside its bounds.
  if (token !== undefined && last !== undefined && (last < from || last > to)) throw badToken(token);
  const left = filtersLeft(filter, partition);
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: partition.index,
      KeyConditionExpression: '#key = :key AND #id BETWEEN :from AND :to',
      FilterExpression: left.length > 0 ? left.map((field) => `#${field} = :${field}`).join(' AND ') : undefined,
      ExpressionAttributeNames: {
        '#key': partition.attribute,
        '#id': 'id',
        ...Object.fromEntries(left.map((field) => [`#${field}`, field])),
      },
      ExpressionAttributeValues: {
        ':key': { S: partition.value },
        ':from': { S: from },
        ':to': { S: to },
        ...toItem(Object.fromEntries(left.map((field) => [`:${field}`, filter[field]]))),
      },
      ScanIndexForward: false,
      Limit: left.length > 0 ? Math.max(limit, FILTERED_READ) : limit,
      ExclusiveStartKey: last === undefined ? undefined : startKey(partition, last),
    }),
  );
  const read = Items.map((item) => runEntry.parse(fromItem(item)));
  const items = read.slice(0, limit);
  const behind = read.length > limit ? items.at(-1)?.id : idOf(LastEvaluatedKey);
  return { items, next: behind === undefined ? undefined : writeToken(name, behind) };
}

const FILTERS = ['status', 'stage', 'trigger', 'workflowId', 'project', 'workspace'] as const;

function filtersLeft(filter: RunFilter, { served, index }: Partition) {
  const given = FILTERS.filter((field) => filter[field] !== undefined && field !== served);
  // The workspace is part of every partition but the workflow's, and a workflow has been checked to be the caller's before it is listed.
  return given.filter(
    (field) =>
      field !== 'workspace' && !(field === 'workflowId' && index === 'by-draft') && !(field === 'project' && filter.workflowId),
  );
}

const idOf = (key: Item | undefined) => key?.['id']?.S;
const startKey = ({ attribute, value }: Partition, id: string): Item => toItem({ ...runKey(id), [attribute]: value, id });

const LAST = 'Z'.repeat(16);
const FIRST = '0'.repeat(16);
const LATEST_MS = decodeTime('7ZZZZZZZZZ0000000000000000');
/** Ids begin in 1970. */
const timePart = (at: string) => encodeTime(Math.max(0, Date.parse(at)));
const firstId = (from: string | undefined) => (from === undefined ? encodeTime(0) : timePart(from)) + FIRST;
const lastId = (to: string | undefined) => (to === undefined ? encodeTime(LATEST_MS) : timePart(to)) + LAST;
