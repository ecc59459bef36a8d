import { access } from './operations/access.ts';
import { deliveries } from './operations/deliveries.ts';
import { docs } from './operations/docs.ts';
import { files } from './operations/files.ts';
import { mail } from './operations/mail.ts';
import { runs } from './operations/runs.ts';
import { schedules } from './operations/schedules.ts';
import { v2 } from './operations/v2.ts';
import { webhooks } from './operations/webhooks.ts';
import { workflows } from './operations/workflows.ts';
import type { Operation } from './route.ts';

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
