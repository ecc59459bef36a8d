import { access } from '../access/operations.http.ts';
import { budgetOperations } from '../analytics/budgets.http.ts';
import { analytics } from '../analytics/operations.http.ts';
import { usageOperations } from '../analytics/usage.http.ts';
import { audit } from '../audit/operations.http.ts';
import { connections } from '../connection/operations.http.ts';
import { signInOperations } from '../console/operations.http.ts';
import type { Operation } from '../edge/route.ts';
import { files } from '../file/operations.http.ts';
import { inbox } from '../inbox/inbox.http.ts';
import { jobs } from '../job/operations.http.ts';
import { comments } from '../run/comment/operations.http.ts';
import { legalHolds } from '../run/hold/operations.http.ts';
import { runs } from '../run/operations.http.ts';
import { subscriptions } from '../subscription/operations.http.ts';
import { comparison } from '../suite/compare.http.ts';
import { suites } from '../suite/tests.http.ts';
import { answerLinks, tasks } from '../task/operations.http.ts';
import { deliveries } from '../trigger/delivery/operations.http.ts';
import { canary } from '../trigger/email/canary.http.ts';
import { mail } from '../trigger/email/operations.http.ts';
import { eventRules } from '../trigger/event/operations.http.ts';
import { queues } from '../trigger/queue/operations.http.ts';
import { schedules } from '../trigger/schedule/operations.http.ts';
import { webhooks } from '../trigger/webhook/operations.http.ts';
import { views } from '../view/operations.http.ts';
import { workflows } from '../workflow/operations.http.ts';
import { docs } from './docs.ts';
import { v2 } from './v2.ts';

/** Every operation by its id. API Gateway's routes, the dispatch of handlers and the OpenAPI document are all made from this table. */
export const operations = {
  ...v2,
  ...workflows,
  ...runs,
  ...views,
  ...comparison,
  ...suites,
  ...comments,
  ...tasks,
  ...answerLinks,
  ...legalHolds,
  ...access,
  ...signInOperations,
  ...audit,
  ...connections,
  ...subscriptions,
  ...files,
  ...mail,
  ...canary,
  ...deliveries,
  ...webhooks,
  ...queues,
  ...eventRules,
  ...schedules,
  ...analytics,
  ...usageOperations,
  ...budgetOperations,
  ...inbox,
  ...jobs,
  ...docs,
};
export type OperationId = keyof typeof operations;

export const routes: Operation[] = Object.values(operations);
