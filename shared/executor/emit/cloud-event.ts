import { timeOf } from '../../kernel/id.ts';
import { StepError } from '../../kernel/step-error.ts';
import { toldIn, traceHeaders } from '../../kernel/trace.ts';
import type { EmitSpec } from '../../step/emit.ts';
import type { LeafContext } from '../../step/kind.ts';
import type { SubscribedEvent } from '../../subscription/subscription.ts';
import type { BusEvent } from './bus.ts';

/** What PutEvents takes, all of an entry that it counts. */
const MOST_BYTES = 256 * 1024;
/** EventBridge counts a time as so many bytes. */
const TIME_BYTES = 14;

type Emitter = Pick<LeafContext, 'runId' | 'stepKey' | 'workspace' | 'project' | 'workflow' | 'trace'>;

/** The event as CloudEvents 1.0 has it. Its id is the same however often the step is executed; who emits it says the engine, whatever the author calls its source. */
export function cloudEventOf({ type, source, subject, data }: EmitSpec, emitter: Emitter, at: Date) {
  const { runId, stepKey, workspace, project, workflow, trace } = emitter;
  return {
    specversion: '1.0',
    id: `${runId}/${stepKey}`,
    type,
    source: source ?? `millrun/${encodeURIComponent(project)}/${workflow}`,
    ...(subject && { subject }),
    time: at.toISOString(),
    datacontenttype: 'application/json',
    data: data ?? null,
    // Names of extensions have small letters and digits only.
    workspace,
    project,
    workflow,
    runid: runId,
    ...traceHeaders(toldIn(trace)),
  };
}

/** The same, as subscribers are told of it. */
export function subscribedEventOf(
  { id, type, source, subject, time, data }: ReturnType<typeof cloudEventOf>,
  { runId, workspace, project, workflow, workflowId, trigger, labels }: LeafContext,
): SubscribedEvent {
  return {
    id,
    type: 'event.emitted',
    at: time,
    since: timeOf(runId),
    workspace,
    project,
    workflowId,
    trigger,
    labels,
    emitted: type,
    data: {
      event: { id, type, source, subject: subject ?? null, data },
      run: { id: runId, workflow_id: workflowId, workflow_name: workflow, project_id: project },
    },
  };
}

/** Throws `InputInvalid` for an event that is larger than the bus takes. */
export function checkFits({ source, type, detail }: BusEvent): void {
  const bytes = TIME_BYTES + [source, type, detail].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes <= MOST_BYTES) return;
  throw new StepError(
    'InputInvalid',
    `The event has ${bytes} bytes; ${MOST_BYTES} are the most that an event bus takes. Emit less of it, such as an id to look it up with.`,
  );
}
