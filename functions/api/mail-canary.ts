import type { RequestOf } from '../../shared/api/request-of.ts';
import type { Audit } from '../../shared/audit/audit.ts';
import { recordFirst } from '../../shared/audit/record-first.ts';
import { http } from '../../shared/edge/http.ts';
import { aside } from '../../shared/kernel/acting.ts';
import { canary as canaryOperations, canaryView } from '../../shared/trigger/email/canary.http.ts';
import { type CanaryServices, sendCanary as send } from '../../shared/trigger/email/canary.ts';
import { audit, canaryServices, recorder } from '../adapters.ts';

/** API Gateway waits 30 seconds for an answer. */
const WAIT_MS = 24_000;
/** Where it lives when the caller has no project of its own. */
const PROJECT = 'system';

type Services = CanaryServices & { audit: Audit };

export async function sendCanary({ caller }: RequestOf<'sendCanary'>, services: Services) {
  const owner = { workspace: caller.workspace, project: caller.project ?? PROJECT };
  await recordFirst(services.audit, { object: 'mailbox', id: 'canary', project: owner.project }, services.now());
  const canary = await aside(() => send(services, owner, WAIT_MS));
  return { status: canary.runId === undefined ? 504 : 200, body: canaryView(canary) };
}

export const handler = http(canaryOperations, { sendCanary }, () => ({ ...canaryServices(), audit: audit() }), recorder);
