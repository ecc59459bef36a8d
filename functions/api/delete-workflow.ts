import type { RequestOf } from '../../shared/api/request-of.ts';
import { noContent } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { type RemoveServices, removeTests } from '../../shared/suite/remove-test.ts';
import { workflows as workflowsOperations } from '../../shared/workflow/operations.http.ts';
import { type RemoveWorkflowServices, refuseHeld, removeWorkflow } from '../../shared/workflow/save-workflow.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import { files, now, recorder, tests, workflows } from '../adapters.ts';

/** Its tests first: whoever is interrupted deletes it once more. */
export async function deleteWorkflow(
  { params, caller }: RequestOf<'deleteWorkflow'>,
  services: RemoveWorkflowServices & RemoveServices,
) {
  const seen = await workflowOf(services, caller, params.workflow_id);
  refuseHeld(seen);
  await removeTests(services, seen.id);
  await removeWorkflow(services, seen);
  return noContent();
}

export const handler = http(
  workflowsOperations,
  { deleteWorkflow },
  () => ({ workflows: workflows(), tests: tests(), files, now }),
  recorder,
);
