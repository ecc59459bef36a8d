import type { RequestOf } from '../../shared/api/request-of.ts';
import { http } from '../../shared/edge/http.ts';
import { canary as canaryOperations, canaryView } from '../../shared/trigger/email/canary.http.ts';
import { type CanaryServices, sendCanary as send } from '../../shared/trigger/email/canary.ts';
import { canaryServices } from '../adapters.ts';

/** API Gateway waits 30 seconds for an answer. */
const WAIT_MS = 24_000;
/** Where it lives when the caller has no project of its own. */
const PROJECT = 'system';

export async function sendCanary({ caller }: RequestOf<'sendCanary'>, services: CanaryServices) {
  const owner = { workspace: caller.workspace, project: caller.project ?? PROJECT };
  const canary = await send(services, owner, WAIT_MS);
  return { status: canary.runId === undefined ? 504 : 200, body: canaryView(canary) };
}

export const handler = http(canaryOperations, { sendCanary }, canaryServices);
