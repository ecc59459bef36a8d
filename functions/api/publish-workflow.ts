import type { RequestOf } from '../../shared/api/request-of.ts';
import { created } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import { publishTested, type TestedPublishServices } from '../../shared/suite/publish-tested.ts';
import { workflows as workflowsOperations } from '../../shared/workflow/operations.http.ts';
import { publish } from '../../shared/workflow/save-workflow.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import { publishedView } from '../../shared/workflow/workflow.http.ts';
import { publishServices, recorder } from '../adapters.ts';

export async function publishWorkflow({ params, body, caller }: RequestOf<'publishWorkflow'>, services: TestedPublishServices) {
  const seen = await workflowOf(services, caller, params.workflow_id);
  const actor = actorOf(caller);
  const { version, warnings } = body.requireTests
    ? await publishTested(services, seen, { actor, note: body.note, testRunId: body.testRunId })
    : await publish(services, seen, actor, body.note);
  return created(publishedView(version, warnings));
}

export const handler = http(workflowsOperations, { publishWorkflow }, publishServices, recorder);
