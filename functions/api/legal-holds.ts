import type { RequestOf } from '../../shared/api/request-of.ts';
import { ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import * as env from '../../shared/kernel/env.ts';
import type { Hold } from '../../shared/kernel/hold.ts';
import { type HoldServices, holdRun as hold, releaseRun as release } from '../../shared/run/hold/hold-run.ts';
import * as workflows from '../../shared/run/hold/hold-workflow.ts';
import { legalHolds, runHoldView, workflowHoldView } from '../../shared/run/hold/operations.http.ts';
import { runOf } from '../../shared/run/visible.http.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import type { Workflows } from '../../shared/workflow/workflows.ts';
import * as adapters from '../adapters.ts';

type Services = HoldServices & { workflows: Workflows };

/** API Gateway waits 30 seconds for an answer. */
const WITHIN_MS = 20_000;

export async function holdRun({ params, caller, reason }: RequestOf<'holdRun'>, services: Services) {
  const run = await hold(services, await runOf(services, caller, params.run_id), markOf({ caller, reason }, services));
  return ok(runHoldView(run.id, run.hold));
}

export async function releaseRun({ params, caller }: RequestOf<'releaseRun'>, services: Services) {
  const run = await release(services, await runOf(services, caller, params.run_id));
  return ok(runHoldView(run.id, run.hold));
}

export async function holdWorkflow({ params, caller, reason }: RequestOf<'holdWorkflow'>, services: Services) {
  const workflow = await workflowOf(services, caller, params.workflow_id, { deleted: true });
  return ok(shown(await workflows.holdWorkflow(services, workflow, markOf({ caller, reason }, services), until(services))));
}

export async function releaseWorkflow({ params, caller }: RequestOf<'releaseWorkflow'>, services: Services) {
  const workflow = await workflowOf(services, caller, params.workflow_id, { deleted: true });
  return ok(shown(await workflows.releaseWorkflow(services, workflow, until(services))));
}

const markOf = ({ caller, reason }: Pick<RequestOf<'holdRun'>, 'caller' | 'reason'>, { now }: Services): Hold => ({
  actor: actorOf(caller),
  at: now().toISOString(),
  ...(reason !== undefined && { reason }),
});

const until = ({ now }: Services) => new Date(now().getTime() + WITHIN_MS);

const shown = ({ workflow, runs, isComplete }: workflows.HeldWorkflow) =>
  workflowHoldView(workflow.id, workflow.hold, { runs, complete: isComplete });

export const handler = http(
  legalHolds,
  { holdRun, releaseRun, holdWorkflow, releaseWorkflow },
  () => ({
    runs: adapters.runRows(),
    workflows: adapters.workflows(),
    files: adapters.files,
    retentionDays: env.retentionDays(),
    now: adapters.now,
  }),
  adapters.recorder,
);
