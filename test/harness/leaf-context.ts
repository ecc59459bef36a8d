import { evaluateTemplate } from '../../shared/expression/expression.ts';
import { StepError } from '../../shared/kernel/step-error.ts';
import { traceFrom } from '../../shared/kernel/trace.ts';
import type { LeafContext, StepFiles } from '../../shared/step/kind.ts';

/** A project without files. */
const noFiles: StepFiles = {
  read: (id) => Promise.reject(new StepError('FileUnavailable', id)),
  save: () => Promise.reject(new Error('nothing can be saved here')),
};

/** A project without connections. */
export const noConnection = (_owner: object, name: string) => Promise.reject(new StepError('CredentialRejected', name));

export function aLeafContext(more: Partial<LeafContext> = {}): LeafContext {
  return {
    runId: 'r1',
    workspace: 'w1',
    project: 'p1',
    workflow: 'flow',
    workflowId: 'f1',
    trigger: 'api',
    labels: [],
    stepKey: 'a',
    attempt: 1,
    trace: traceFrom({ id: 'r1' }, 'a 1'),
    now: () => new Date('2030-01-01T00:00:00Z'),
    signal: new AbortController().signal,
    files: noFiles,
    nextTurn: async () => {},
    used: () => {},
    speech: async () => undefined,
    connection: (name) => noConnection({}, name),
    evaluate: (template, field, context) => evaluateTemplate(template, {}, { step: 'a', field }, context),
    ...more,
  };
}
