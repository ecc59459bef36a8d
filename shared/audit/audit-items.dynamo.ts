import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { expiresIn, fromText, toItem } from '../aws/items.ts';
import { shardOf } from '../aws/shards.ts';
import { type AuditRecord, auditRecord } from './audit.ts';

export interface AuditSettings {
  table: string;
  retentionDays: number;
}

/** One key takes 1,000 writes a second: in so many parts a workspace acts 4,000 times. */
const SHARDS = 4;

/** Every part of a list. */
export const shardsOf = (list: string) => Array.from({ length: SHARDS }, (_, shard) => `${list}#${shard}`);

export const projectList = (workspace: string, project: string) => `${workspace}#${project}`;
export const objectList = (workspace: string, id: string) => `${workspace}#${id}`;

const fields = fromText.pipe(auditRecord.shape.before.unwrap());
export const storedRecord = auditRecord.extend({ before: fields.optional(), after: fields.optional() });

/** The write of a record. The same record once more changes nothing. */
export const recordPut = (record: AuditRecord, { table, retentionDays }: AuditSettings): TransactWriteItem & { Put: object } => {
  const { id, workspace, project, object, actor, before, after, at } = record;
  const shard = shardOf(id, SHARDS);
  return {
    Put: {
      TableName: table,
      Item: toItem({
        ...record,
        pk: `${workspace}#${shard}`,
        sk: id,
        actorId: actor.id,
        objectKind: object.kind,
        projectKey: project === undefined ? undefined : `${projectList(workspace, project)}#${shard}`,
        objectKey: objectList(workspace, object.id),
        before: before && JSON.stringify(before),
        after: after && JSON.stringify(after),
        expires: expiresIn(retentionDays, new Date(at)),
      }),
    },
  };
};
