import { access } from '../access/key.http.ts';
import type { Operation } from '../edge/route.ts';
import { files } from '../file/file-operations.http.ts';
import { runs } from '../run/run-operations.http.ts';
import { deliveries } from '../trigger/delivery/delivery-operations.http.ts';
import { mail } from '../trigger/email/mailbox-operations.http.ts';
import { schedules } from '../trigger/schedule/schedule-operations.http.ts';
import { webhooks } from '../trigger/webhook/webhook-operations.http.ts';
import { workflows } from '../workflow/workflow-operations.http.ts';
import { docs } from './docs.ts';
import { v2 } from './v2.ts';

/** Every operation by its id. API Gateway's routes, the dispatch of handlers and the OpenAPI document are all made from this table. */
export const operations = {
  ...v2,
  ...workflows,
  ...runs,
  ...access,
  ...files,
  ...mail,
  ...deliveries,
  ...webhooks,
  ...schedules,
  ...docs,
};
export type OperationId = keyof typeof operations;

export const routes: Operation[] = Object.values(operations);

/** API Gateway's name for a route: what a handler is dispatched by. */
export const routeKey = ({ method, path }: Pick<Operation, 'method' | 'path'>) => `${method} ${path}`;
