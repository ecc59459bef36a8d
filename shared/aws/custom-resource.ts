import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

/**
 * Does what a custom resource is for and tells CloudFormation. It waits an hour for one that never answers, so a failure is answered too. The resource
 * keeps the id it has; a new one is called `physicalId`, unless `act` answers another id.
 */
export async function asCustomResource(
  event: CloudFormationCustomResourceEvent,
  physicalId: string,
  act: () => Promise<string | undefined>,
): Promise<void> {
  const known = 'PhysicalResourceId' in event ? event.PhysicalResourceId : undefined;
  try {
    const id = await act();
    await answer(event, known ?? id ?? physicalId, 'SUCCESS');
  } catch (error) {
    await answer(event, known ?? physicalId, 'FAILED', error instanceof Error ? error.message : String(error));
  }
}

async function answer(
  event: CloudFormationCustomResourceEvent,
  PhysicalResourceId: string,
  Status: 'SUCCESS' | 'FAILED',
  Reason?: string,
): Promise<void> {
  const { StackId, RequestId, LogicalResourceId } = event;
  const body = JSON.stringify({ Status, Reason, StackId, RequestId, LogicalResourceId, PhysicalResourceId });
  const { ok, status } = await fetch(event.ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } });
  if (!ok) throw new Error(`CloudFormation took the answer with status ${status}.`);
}
