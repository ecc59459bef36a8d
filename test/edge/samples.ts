import { type OperationId, operations } from '../../shared/api/routes.ts';
import type { Operation } from '../../shared/edge/route.ts';
import { ONE_STEP, uniqueName } from './api.ts';

/** Ids of things that exist. */
export interface Known {
  workflow_id: string;
  run_id: string;
  key_id: string;
  project: string;
  schedule_id?: string;
  webhook_id?: string;
  queue_id?: string;
  event_rule_id?: string;
  delivery_id?: string;
  file_id?: string;
  comment_id?: string;
  member_id?: string;
  task_id?: string;
  connection_id?: string;
  subscription_id?: string;
  test_id?: string;
  test_run_id?: string;
  job_id?: string;
}

export interface Sample {
  operation: OperationId;
  method: string;
  path: string;
  body?: unknown;
}

const definition = () => `format: 1\nname: ${uniqueName()}\nsteps:\n${ONE_STEP}`;

/** Bodies that are right for an operation. */
const bodies: Partial<Record<OperationId, (known: Known) => unknown[]>> = {
  createWorkflow: ({ project }) => [{ project_id: project, definition: definition() }],
  checkWorkflow: () => [{ definition: definition() }, { definition: 'format: 1' }],
  updateWorkflow: () => [{ enabled: false }, { enabled: true, title: 'Another title' }],
  putMaintenance: () => [{ window: { from: '2026-01-01T00:00:00Z', until: '2026-01-01T01:00:00Z' } }, { window: null }],
  putBudgets: () => [{ items: [{ per: 'day', warn_at: 1e9 }] }, { items: [] }],
  putRetention: () => [{ succeeded: 30 }],
  saveDraft: () => [{ definition: definition() }],
  publishWorkflow: () => [{ note: 'first' }],
  createKey: ({ project }) => [{ name: 'new key', role: 'viewer', project_id: project }],
  putMailbox: () => [{ permission: 'restricted', allowed: ['ada@example.com'], reply: 'acknowledgement' }],
  changeMailbox: () => [{ reply: 'none' }],
  createSchedule: () => [{ name: 'nightly', expression: 'daily at 09:00', timezone: 'Europe/Berlin' }],
  changeSchedule: () => [{ expression: 'hourly' }, { enabled: false }],
  backfillSchedule: () => [{ from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }],
  createWebhook: () => [{ name: 'orders', scheme: 'standard' }],
  changeWebhook: () => [{ enabled: false }],
  rotateWebhook: () => [{ keep_hours: 1 }],
  testWebhook: () => [{}, { body: { order: 1 } }],
  createQueue: () => [{ name: 'orders' }],
  changeQueue: () => [{ enabled: false }],
  createEventRule: () => [{ name: 'booked', detail_type: 'order.booked', pattern: { source: [{ prefix: 'shop' }] } }],
  changeEventRule: () => [{ enabled: false }, { pattern: null }],
  createSubscription: ({ project }) => [
    { project_id: project, events: ['run.failed'], to: { webhook: { url: 'https://erp.example/hook' } } },
  ],
  changeSubscription: () => [{ enabled: false }],
  redeliverSubscription: () => [{ delivery_ids: [NOTHING] }],
  createFileV2: () => [{ file_name: 'order.pdf' }],
  createRunV2: ({ workflow_id, project }) => [
    { name: 'A run', process_id: workflow_id, agent_id: project, stage: 'Published', inputs: [{ name: 'a', value: 1 }] },
  ],
  commandWorkflow: ({ run_id }) => [
    { command: 'start', params: { inputs: { a: 1 } } },
    ...['pause', 'resume', 'stop'].map((command) => ({ command, run_id })),
  ],
  changeRun: () => [
    { archived: true, labels: ['customer:acme'], name: 'Another name' },
    { archived: false, labels: [] },
  ],
  createConnection: ({ project }) => [
    {
      project_id: project,
      name: `erp-${uniqueName()}`,
      type: 'bearer',
      settings: { hosts: ['erp.example'] },
      secret: { token: 'x' },
    },
  ],
  changeConnection: () => [{ settings: { hosts: ['erp.example'] } }, { secret: { token: 'y' }, keep_hours: 1 }],
  testConnection: () => [{ url: 'http://127.0.0.1:9/' }],
  addMember: ({ project }) => [{ email: 'ben@example.com', name: 'Ben', role: 'viewer', project_id: project }],
  changeMember: () => [{ role: 'editor' }],
  createJob: ({ run_id }) => [
    { verb: 'archive', run_ids: [run_id], dry_run: true },
    { verb: 'label', run_ids: [run_id], params: { labels: ['customer:acme'] } },
  ],
  redeliverDeliveries: ({ workflow_id }) => [{ filter: { workflow_id }, dry_run: true }, { filter: { workflow_id } }],
  answerTasks: ({ task_id = NOTHING }) => [{ ids: [task_id], decision: 'reject', dry_run: true }],
  addComment: () => [{ text: 'The ERP was down.' }],
  changeComment: () => [{ text: 'The ERP was down until noon.' }],
  answerTask: () => [{ decision: 'reject' }],
  changeTask: () => [{ assignees: ['ben@example.com'], snooze_until: '2030-01-01T00:00:00Z' }],
  holdRun: () => [{}],
  holdWorkflow: () => [{}],
  addTest: ({ run_id }) => [{ run_id }],
  changeTest: () => [{ name: 'another name', ignore: ['/at'] }],
  runTests: () => [{ mode: 'real' }],
  acceptTests: ({ test_id = NOTHING }) => [{ test_ids: [test_id] }],
  rerunRun: () => [{ from: 'start' }],
  recountRuns: () => [{}],
  saveView: ({ workflow_id }) => [{ filter: { workflow_id, status: ['failed'] } }],
};

/** Queries that operations want. */
const queries: Partial<Record<OperationId, (known: Known) => Record<string, string>>> = {
  listRunsV2: ({ workflow_id, project }) => ({ process_id: workflow_id, agent_id: project }),
  listProcessesV2: ({ project }) => ({ agent_id: project }),
  getProcessV2: ({ project }) => ({ agent_id: project }),
  deleteView: () => ({ owner_id: NOTHING }),
  compareRuns: ({ run_id }) => ({ a: run_id, b: run_id }),
  getAnalyticsOverview: ({ workflow_id }) => ({ workflow_id }),
  getStepAnalytics: ({ workflow_id }) => ({ workflow_id }),
  getFailureAnalytics: ({ workflow_id }) => ({ workflow_id }),
};

/** At least one right request for an operation. */
export function samplesOf(operation: OperationId, known: Known): [Sample, ...Sample[]] {
  const { method, path, body }: Operation = operations[operation];
  const search = new URLSearchParams(queries[operation]?.(known) ?? {}).toString();
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) => idFor(name, known)) + (search && `?${search}`);
  const made = bodies[operation]?.(known);
  if (body && !made)
    throw new Error(`test/edge/samples.ts has no body for ${operation}: add one, so that it is probed like the others.`);
  const sample = { operation, method, path: filled };
  const [first, ...more] = (made ?? []).map((one) => ({ ...sample, body: one }));
  return first ? [first, ...more] : [sample];
}

export const allSamples = (known: Known): Sample[] => operationIds.flatMap((id) => samplesOf(id, known));

export const operationIds = Object.keys(operations).filter((id): id is OperationId => id in operations);

export const titleOf = (id: OperationId) => `${operations[id].method} ${operations[id].path}`;

/** A thing that does not exist. */
export const NOTHING = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

function idFor(name: string, known: Known): string {
  const values: Record<string, string> = {
    schedule_id: NOTHING,
    delivery_id: NOTHING,
    webhook_id: NOTHING,
    queue_id: NOTHING,
    event_rule_id: NOTHING,
    file_id: NOTHING,
    comment_id: NOTHING,
    test_id: NOTHING,
    test_run_id: NOTHING,
    member_id: NOTHING,
    task_id: NOTHING,
    connection_id: NOTHING,
    subscription_id: NOTHING,
    job_id: NOTHING,
    ...known,
    process_id: known.workflow_id,
    version: '1',
    token: 'nonsense',
    name: 'inputs',
    view_name: 'orders',
  };
  const value = values[name];
  if (value === undefined) throw new Error(`test/edge/samples.ts knows no {${name}}: add it to Known.`);
  return value;
}

/** Whether an operation answers people, with a page. */
export const isPage = (answer: unknown): boolean => typeof answer === 'string' && answer.startsWith('text/html');
