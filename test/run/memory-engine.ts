import { ulid } from 'ulid';
import { type DriveAnswer, drive } from '../../shared/run/drive/drive.ts';
import type { DriveServices } from '../../shared/run/drive/drive-services.ts';
import type { Entry } from '../../shared/run/model/entry.ts';
import type { Run } from '../../shared/run/model/run.ts';
import { RunState, stateOf } from '../../shared/run/model/state.ts';
import type { Task } from '../../shared/run/model/task.ts';
import type { TaskRows } from '../../shared/run/ports.ts';
import type { Plan } from '../../shared/workflow/plan.ts';
import type { Workflow } from '../../shared/workflow/workflow.ts';
import { anActor, aRun } from '../harness/builders.ts';
import { noConnection } from '../harness/leaf-context.ts';
import { MemoryPlaces } from './memory-places.ts';
import { type Disturb, MemoryExecutions, MemoryRuns, MemoryValues, type StartedExecution } from './memory-runs.ts';

/** Of what a run needs nothing else: workflows and files are for other tests. */
const absent = (name: string) =>
  new Proxy(
    {},
    { get: (_, property) => () => Promise.reject(new Error(`${name}.${String(property)} is not there in this test`)) },
  );

export interface MemoryEngine extends DriveServices {
  tasks: MemoryTasks;
  runs: MemoryRuns;
  executions: MemoryExecutions;
  /** A workflow that runs may start: its id is its name. */
  publish(name: string, plan: Plan): void;
  /** A new run of the plan, not started yet. */
  create(plan: Plan, of?: Partial<Run>): Promise<Run>;
  /** Drives an execution as its state machine does, until it ends; `lives` says how long a driver may live. */
  execute(execution: StartedExecution, options?: { kill?: (turn: number) => Promise<void> | undefined }): Promise<DriveAnswer>;
  state(id: string): Promise<RunState>;
  journal(id: string): Promise<Entry[]>;
}

/** What people are asked, as lists would show it. */
export class MemoryTasks implements TaskRows {
  readonly rows = new Map<string, Task>();

  async project(task: Task): Promise<void> {
    if ((this.rows.get(task.id)?.seen ?? 0) < task.seen) this.rows.set(task.id, task);
  }
}

/** Every workflow is there, and its definition has its name. */
const aWorkflow = (id: string): Workflow => ({
  id,
  workspace: 'acme',
  project: 'ops',
  name: id,
  enabled: true,
  draft: { definition: id, savedAt: '', savedBy: anActor() },
  published: { version: 1, definition: id },
  createdAt: '',
  updatedAt: '',
});

/** The engine over tables in memory. */
export function memoryEngine(disturb: Disturb = () => {}): MemoryEngine {
  const values = new MemoryValues();
  const places = new MemoryPlaces(() => starter.now());
  const runs = new MemoryRuns(values, disturb, places);
  const plans = new Map<string, Plan>();
  const starter = {
    runs,
    values,
    tasks: new MemoryTasks(),
    places,
    executions: new MemoryExecutions(),
    definitions: {
      planOf: async (_: string, definition: string) => {
        const plan = plans.get(definition);
        if (!plan) throw new Error(`there is no definition ${definition}`);
        return plan;
      },
    },
    watcher: { startLost() {}, placeLost() {}, driverLost() {} },
    workflows: {
      get: async (id: string) => aWorkflow(id),
      retention: async () => undefined,
      maintenance: async () => undefined,
      budgets: async () => [],
    },
    files: absent('files'),
    openConnection: noConnection,
    connections: absent('connections'),
    calls: absent('calls'),
    recordings: { recordingOf: async () => undefined },
    executors: { http: { execute: async () => ({ status: 200, headers: {}, body: {} }) } },
    retentionDays: 90,
    now: () => new Date(),
    random: () => 0.5,
  };
  const engine = starter as unknown as MemoryEngine;
  return Object.assign(engine, {
    publish: (name: string, plan: Plan) => void plans.set(name, plan),
    async create(plan: Plan, of: Partial<Run> = {}) {
      const definition = ulid();
      plans.set(definition, plan);
      const now = new Date();
      const run = aRun({
        createdAt: now.toISOString(),
        deadline: new Date(now.getTime() + 7_776_000_000).toISOString(),
        dueAt: new Date(now.getTime() + 30_000).toISOString(),
        definition,
        steps: new RunState(plan).countSteps(),
        ...of,
      });
      await runs.create(run);
      return run;
    },
    async execute({ kind, name, input }: StartedExecution) {
      const startedAt = new Date().toISOString();
      const id = `arn:test:${name}:${ulid()}`;
      for (let turn = 0; ; turn += 1) {
        const message = { ...input, turn, id, startedAt, express: kind === 'express' };
        const answer = await drive(engine, message, { id: ulid(), until: new Date(Date.now() + 900_000) });
        if (answer.next === 'sleep')
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, Date.parse(answer.until ?? '') - Date.now())));
        else if (answer.next !== 'again') return answer;
      }
    },
    async state(id: string) {
      const run = await runs.get(id);
      const plan = run && plans.get(run.definition);
      if (!plan) throw new Error(`there is no run ${id}`);
      return stateOf(plan, await runs.entriesAfter(id, 0));
    },
    journal: (id: string) => runs.entriesAfter(id, 0),
  });
}

/** The first execution of a run. */
export const firstOf = (run: Run): StartedExecution => ({
  kind: 'express',
  name: `${run.id}-1`,
  input: { run: run.id, execution: 1 },
});
