import {
  DeleteItemCommand,
  PutItemCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Change } from '../aws/noted.ts';
import { isDerived } from '../kernel/act.ts';
import type { Acting, Recorder } from '../kernel/acting.ts';
import { recordOf } from './audit.ts';
import { type AuditSettings, recordPut } from './audit-items.dynamo.ts';

/** Makes one transaction of a write and the record of the act that it is, so that there is neither without the other. */
export const recorder = (settings: AuditSettings, now: () => Date): Recorder<Change> => ({
  recorded(acting: Acting, command: object, change: Change) {
    const { act } = acting;
    if (!act || isDerived(act)) return command;
    const record = recordOf({ ...acting, act }, change, now());
    return record
      ? new TransactWriteItemsCommand({ TransactItems: [...writesOf(command), recordPut(record, settings)] })
      : command;
  },
});

function writesOf(command: object): TransactWriteItem[] {
  if (command instanceof TransactWriteItemsCommand) return command.input.TransactItems ?? [];
  if (command instanceof PutItemCommand) return [{ Put: command.input }];
  if (command instanceof DeleteItemCommand) return [{ Delete: command.input }];
  if (command instanceof UpdateItemCommand) {
    const { UpdateExpression, ...rest } = command.input;
    return [{ Update: { ...rest, UpdateExpression } }];
  }
  throw new Error(`${command.constructor.name} writes nothing that could be recorded.`);
}
