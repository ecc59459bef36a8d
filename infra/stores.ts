import { Construct } from 'constructs';
import { HouseTable } from './house-table.ts';
import { SealKey } from './seal-key.ts';
import type { Settings } from './settings.ts';
import { ValuesBucket } from './values-bucket.ts';

/** What a list of runs shows: the indexes carry it, so that a page is one Query. */
const listEntry = [
  'workspace',
  'project',
  'workflowId',
  'workflowName',
  'name',
  'reference',
  'status',
  'stage',
  'version',
  'trigger',
  'createdAt',
  'startedAt',
  'endedAt',
  'archived',
  'error',
  'labels',
  'parent',
  'attempt',
];

/** All there is to know: runs, workflows, who may ask, and the values too large for a row. Keys: docs/architecture.md. */
export class Stores extends Construct {
  readonly runs: HouseTable;
  readonly workflows: HouseTable;
  readonly access: HouseTable;
  /** Receipts, mailboxes, schedules, webhooks, files: docs/doors.md. */
  readonly doors: HouseTable;
  readonly values: ValuesBucket;
  readonly sealKey: SealKey;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);

    this.runs = new HouseTable(this, 'Runs', { settings, variable: 'RUNS_TABLE' });
    this.runs.addLocalIndex('log', { range: 'logId', include: ['events', 'output', 'key', 'status'] });
    this.runs.addIndex('by-workspace', { hash: 'workspaceKey', include: listEntry });
    this.runs.addIndex('by-project', { hash: 'projectKey', include: listEntry });
    this.runs.addIndex('by-workflow', { hash: 'workflowKey', include: listEntry });
    this.runs.addIndex('by-draft', { hash: 'draftKey', include: listEntry });
    this.runs.addIndex('by-state', { hash: 'stateKey', include: listEntry });
    this.runs.addIndex('by-parent', { hash: 'parentKey', include: listEntry });
    this.runs.addIndex('by-due', { hash: 'dueKey', range: 'dueAt', include: ['workspace'] });

    this.workflows = new HouseTable(this, 'Workflows', { settings, variable: 'WORKFLOWS_TABLE' });
    this.workflows.addIndex('by-workspace', { hash: 'workspaceKey' });
    this.workflows.addIndex('by-project', { hash: 'projectKey' });

    this.access = new HouseTable(this, 'Access', { settings, variable: 'ACCESS_TABLE' });
    this.access.addIndex('by-workspace', { hash: 'workspaceKey' });

    this.doors = new HouseTable(this, 'Doors', { settings, variable: 'DOORS_TABLE' });
    this.doors.addIndex('by-workspace', { hash: 'workspaceKey' });
    this.doors.addIndex('by-workflow', { hash: 'workflowKey' });
    this.doors.addIndex('by-due', { hash: 'dueKey', range: 'dueAt', include: ['id'] });

    this.values = new ValuesBucket(this, 'Values', settings);
    this.sealKey = new SealKey(this, 'SealKey', settings);
  }
}
