/** What the audit log knows of, and which fields of each it shows; of `hides` it says that they have changed. What stands in neither is not told. */
export const OBJECTS = {
  workflow: {
    shows: ['name', 'title', 'description', 'enabled', 'draft', 'published', 'retention', 'hold', 'deletedAt'],
    hides: ['startDefaults'],
  },
  workspace: { shows: ['succeeded', 'failed', 'stopped', 'from', 'until', 'reason', 'budgets'], hides: [] },
  run: { shows: ['name', 'labels', 'archived', 'hold', 'comment', 'text'], hides: [] },
  key: { shows: ['name', 'role', 'email', 'revokedAt'], hides: [] },
  member: { shows: ['name', 'role', 'email'], hides: [] },
  file: { shows: ['name', 'type', 'size'], hides: [] },
  mailbox: { shows: ['local', 'enabled', 'permission', 'allowed', 'stage', 'reply', 'maxBytes'], hides: [] },
  schedule: {
    shows: [
      'name',
      'expression',
      'timezone',
      'startAt',
      'endAt',
      'dst',
      'overlap',
      'catchUp',
      'catchUpWindow',
      'jitter',
      'stopAfterFailures',
      'enabled',
      'deletedAt',
    ],
    hides: ['inputs'],
  },
  webhook: {
    shows: ['name', 'scheme', 'signature', 'deliveryHeader', 'mapping', 'if', 'dedupeWindow', 'enabled'],
    hides: ['secrets', 'token'],
  },
  task: { shows: ['assignees', 'snoozedUntil'], hides: [] },
  connection: { shows: ['name', 'type', 'settings', 'status'], hides: ['secrets', 'tokens'] },
  test: { shows: ['name', 'runId', 'baseline', 'compare', 'ignore'], hides: [] },
  job: { shows: ['verb', 'name', 'total', 'rate', 'status'], hides: ['params'] },
  delivery: { shows: ['trigger', 'outcome', 'redeliveries', 'runId'], hides: [] },
  view: { shows: ['name', 'shared', 'filter'], hides: [] },
  counters: { shows: [], hides: [] },
} as const satisfies Record<string, { shows: readonly string[]; hides: readonly string[] }>;
export type ObjectKind = keyof typeof OBJECTS;
export const OBJECT_KINDS = Object.keys(OBJECTS).filter((kind): kind is ObjectKind => kind in OBJECTS);

interface ActOn {
  on: ObjectKind;
  /** Nobody writes it down beside what they do: it follows from the rows and journals of runs. */
  derived?: true;
}

/** Everything that people do, one word each: an operation that changes something names what it is. */
export const ACTS = {
  'workflow.create': { on: 'workflow' },
  'workflow.save': { on: 'workflow' },
  'workflow.publish': { on: 'workflow' },
  'workflow.change': { on: 'workflow' },
  'workflow.delete': { on: 'workflow' },
  'workflow.hold': { on: 'workflow' },
  'workflow.release': { on: 'workflow' },
  'workspace.change': { on: 'workspace' },
  'run.start': { on: 'run', derived: true },
  'run.rerun': { on: 'run', derived: true },
  'run.pause': { on: 'run', derived: true },
  'run.resume': { on: 'run', derived: true },
  'run.stop': { on: 'run', derived: true },
  'run.change': { on: 'run' },
  'run.hold': { on: 'run' },
  'run.release': { on: 'run' },
  'run.delete': { on: 'run' },
  'comment.add': { on: 'run' },
  'comment.change': { on: 'run' },
  'comment.delete': { on: 'run' },
  'key.create': { on: 'key' },
  'key.revoke': { on: 'key' },
  'member.add': { on: 'member' },
  'member.change': { on: 'member' },
  'member.remove': { on: 'member' },
  'file.create': { on: 'file' },
  'file.delete': { on: 'file' },
  'mailbox.save': { on: 'mailbox' },
  'mailbox.change': { on: 'mailbox' },
  'mailbox.rotate': { on: 'mailbox' },
  'mailbox.try': { on: 'mailbox' },
  'schedule.create': { on: 'schedule' },
  'schedule.change': { on: 'schedule' },
  'schedule.delete': { on: 'schedule' },
  'schedule.pause': { on: 'schedule' },
  'schedule.resume': { on: 'schedule' },
  'webhook.create': { on: 'webhook' },
  'webhook.change': { on: 'webhook' },
  'webhook.rotate': { on: 'webhook' },
  'webhook.test': { on: 'webhook' },
  'webhook.delete': { on: 'webhook' },
  'task.answer': { on: 'run', derived: true },
  'task.change': { on: 'task' },
  'connection.create': { on: 'connection' },
  'connection.change': { on: 'connection' },
  'connection.delete': { on: 'connection' },
  'connection.test': { on: 'connection' },
  'connection.authorize': { on: 'connection' },
  'test.add': { on: 'test' },
  'test.change': { on: 'test' },
  'test.accept': { on: 'test' },
  'test.delete': { on: 'test' },
  'job.create': { on: 'job' },
  'job.abort': { on: 'job' },
  'job.retry': { on: 'job' },
  'delivery.redeliver': { on: 'delivery' },
  'view.save': { on: 'view' },
  'view.delete': { on: 'view' },
  'counters.recount': { on: 'counters' },
} as const satisfies Record<string, ActOn>;
export type Act = keyof typeof ACTS;
export const ACT_WORDS = Object.keys(ACTS).filter((word): word is Act => word in ACTS);

export const isDerived = (act: Act) => 'derived' in ACTS[act];
