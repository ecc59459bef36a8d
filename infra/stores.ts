import { Construct } from 'constructs';
import type { AppFunction } from './app-function.ts';
import { AppTable } from './app-table.ts';
import { SecretsKey } from './secrets-key.ts';
import type { Settings } from './settings.ts';
import { ValuesBucket } from './values-bucket.ts';

/** All there is to know: runs, workflows, who may ask, and the values too large for a row. Keys: docs/architecture.md. */
export class Stores extends Construct {
  readonly runs: AppTable;
  /** Who goes on and who waits, of runs that share a limit: docs/guard-rails.md. */
  readonly places: AppTable;
  readonly workflows: AppTable;
  readonly access: AppTable;
  readonly connections: AppTable;
  /** Who is told of what happens, and what they were told: docs/subscriptions.md. */
  readonly subscriptions: AppTable;
  /** Deliveries, mailboxes, schedules, webhooks: docs/triggers.md. */
  readonly triggers: AppTable;
  readonly files: AppTable;
  /** What people are asked: docs/approvals.md. */
  readonly tasks: AppTable;
  /** Who listens to what happens to runs: docs/live.md. */
  readonly live: AppTable;
  /** Tests made of runs, with what they keep of them. */
  readonly tests: AppTable;
  /** Counters: docs/analytics.md. */
  readonly analytics: AppTable;
  /** Jobs, what each is about, and what came of it: docs/jobs.md. */
  readonly jobs: AppTable;
  /** Who did what: docs/audit-and-retention.md. */
  readonly audit: AppTable;
  readonly values: ValuesBucket;
  readonly secretsKey: SecretsKey;
  readonly #auditRetentionDays: number;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);

    this.runs = new AppTable(this, 'Runs', { settings, variable: 'RUNS_TABLE' });
    // Written once each, or when a run enters or leaves a rare state: rows come by their keys.
    const keysOnly = { holds: [] };
    this.runs.addIndex('by-workspace', { hash: 'workspaceKey', range: 'pk', ...keysOnly });
    this.runs.addIndex('by-project', { hash: 'projectKey', range: 'pk', ...keysOnly });
    this.runs.addIndex('by-workflow', { hash: 'workflowKey', range: 'pk', ...keysOnly });
    this.runs.addIndex('by-state', { hash: 'stateKey', range: 'pk', ...keysOnly });
    this.runs.addIndex('by-parent', { hash: 'parentKey', range: 'pk', ...keysOnly });
    this.runs.addIndex('by-root', { hash: 'rootKey', range: 'pk', ...keysOnly });
    this.runs.addIndex('by-reference-text', { hash: 'workspaceKey', range: 'ref', ...keysOnly });
    this.runs.addIndex('by-label', { hash: 'labelKey', range: 'pk', ...keysOnly });
    this.runs.addIndex('by-trigger', { hash: 'triggerKey', range: 'pk', ...keysOnly });
    this.runs.addIndex('by-trigger-id', { hash: 'triggerIdKey', range: 'pk', ...keysOnly });
    this.runs.addIndex('by-error', { hash: 'errorKey', range: 'pk', ...keysOnly });
    this.runs.addIndex('live', { hash: 'liveKey', range: 'dueAt', ...keysOnly });

    this.places = new AppTable(this, 'Places', { settings, variable: 'PLACES_TABLE' });
    this.workflows = new AppTable(this, 'Workflows', { settings, variable: 'WORKFLOWS_TABLE' });
    this.workflows.addIndex('by-workspace', { hash: 'workspaceKey' });
    this.workflows.addIndex('by-project', { hash: 'projectKey' });

    this.access = new AppTable(this, 'Access', { settings, variable: 'ACCESS_TABLE' });
    this.access.addIndex('by-workspace', { hash: 'workspaceKey' });

    this.connections = new AppTable(this, 'Connections', { settings, variable: 'CONNECTIONS_TABLE' });
    this.connections.addIndex('by-workspace', { hash: 'workspaceKey' });

    this.subscriptions = new AppTable(this, 'Subscriptions', { settings, variable: 'SUBSCRIPTIONS_TABLE' });
    this.subscriptions.addIndex('due', { hash: 'dueKey', range: 'dueAt', ...keysOnly });

    this.triggers = new AppTable(this, 'Triggers', { settings, variable: 'TRIGGERS_TABLE' });
    // A schedule is written at each of its fires, with its inputs: what lists are filtered by stays as it is.
    const filteredBy = ['workspace', 'project', 'trigger', 'outcome'];
    this.triggers.addIndex('by-workspace', { hash: 'workspaceKey', holds: filteredBy });
    this.triggers.addIndex('by-workflow', { hash: 'workflowKey', holds: filteredBy });
    this.triggers.addIndex('by-due', { hash: 'dueKey', range: 'dueAt', ...keysOnly });

    this.tests = new AppTable(this, 'Tests', { settings, variable: 'TESTS_TABLE' });
    this.files = new AppTable(this, 'Files', { settings, variable: 'FILES_TABLE' });
    this.files.addIndex('by-workspace', { hash: 'workspaceKey', holds: ['workspace', 'project'] });
    // Those that steps of runs have made.
    this.files.addIndex('by-run', { hash: 'madeBy', range: 'pk', ...keysOnly });

    this.tasks = new AppTable(this, 'Tasks', { settings, variable: 'TASKS_TABLE' });
    for (const feed of ['workspace', 'project', 'workflow', 'group', 'run'])
      this.tasks.addIndex(`by-${feed}`, { hash: `${feed}Key`, range: 'pk', ...keysOnly });

    // The few whose mails are due.
    this.tasks.addIndex('by-mail', { hash: 'mailKey', range: 'mailAt', ...keysOnly });

    this.analytics = new AppTable(this, 'Analytics', { settings, variable: 'ANALYTICS_TABLE' });
    this.audit = new AppTable(this, 'Audit', { settings, variable: 'AUDIT_TABLE' });
    this.audit.addIndex('by-project', { hash: 'projectKey', range: 'sk' });
    this.audit.addIndex('by-object', { hash: 'objectKey', range: 'sk' });
    this.#auditRetentionDays = settings.auditRetentionDays;

    this.live = new AppTable(this, 'Live', { settings, variable: 'LIVE_TABLE' });
    this.jobs = new AppTable(this, 'Jobs', { settings, variable: 'JOBS_TABLE' });
    this.jobs.addIndex('by-workspace', { hash: 'workspaceKey', holds: ['workspace', 'project'] });
    this.jobs.addIndex('live', { hash: 'liveKey', range: 'dueAt', ...keysOnly });

    this.values = new ValuesBucket(this, 'Values', settings);
    this.secretsKey = new SecretsKey(this, 'SecretsKey', settings);
  }

  /** Whoever appends to journals shows what people are asked there. */
  allowTasks(fn: AppFunction): void {
    this.tasks.allow(fn, ['UpdateItem']);
  }

  /** A run that begins takes its place, and whoever waits may be let in. */
  allowEntering(fn: AppFunction): void {
    this.places.allow(fn, ['GetItem', 'PutItem', 'Query', 'UpdateItem']);
  }

  /** What ends runs makes room for the next. */
  allowLettingIn(fn: AppFunction): void {
    this.places.allow(fn, ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem']);
    // Its name alone: what carries runs on is made of the same services as what starts them.
    this.analytics.allow(fn, []);
  }

  /** Files of runs under a legal hold are kept where nothing expires, and back where they were when it is lifted. */
  allowHolds(fn: AppFunction): void {
    this.files.allow(fn, ['GetItem', 'UpdateItem'], ['by-run']);
    this.values.allowReads(fn);
    this.values.allowWrites(fn);
    this.values.allowDeletes(fn);
  }

  /** What people ask a function to do is recorded together with what it writes. */
  allowRecords(fn: AppFunction): void {
    this.audit.allow(fn, ['PutItem']);
    fn.addEnvironment('AUDIT_RETENTION_DAYS', String(this.#auditRetentionDays));
  }
}
