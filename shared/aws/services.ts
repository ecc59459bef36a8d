import { LRUCache } from 'lru-cache';
import { env } from '../env.ts';
import type { Files } from '../file/file.ts';
import { watcher } from '../observe.ts';
import { notFound } from '../problem.ts';
import type { Definitions } from '../run/ports.ts';
import type { Starter } from '../run/start/start-run.ts';
import type { Plan } from '../workflow/plan.ts';
import { planOf } from '../workflow/plan-of.ts';
import type { Workflows } from '../workflow/ports.ts';
import { BucketFiles } from './bucket-files.ts';
import { dynamo, s3, sfn } from './clients.ts';
import { DynamoFiles } from './dynamo-files.ts';
import { DynamoRuns } from './dynamo-runs.ts';
import { DynamoWorkflows } from './dynamo-workflows.ts';
import { SfnExecutions } from './sfn.ts';
import { BucketValues } from './values.ts';

const PLANS_KEPT = 200;

/** Plans by the hash of their text: a definition never changes, so each is read once a process. */
class CachedDefinitions implements Definitions {
  readonly #workflows: Workflows;
  readonly #plans = new LRUCache<string, Promise<Plan>>({ max: PLANS_KEPT });

  constructor(workflows: Workflows) {
    this.#workflows = workflows;
  }

  planOf(workflowId: string, hash: string): Promise<Plan> {
    const key = `${workflowId}/${hash}`;
    const known = this.#plans.get(key);
    if (known) return known;
    const plan = this.#read(workflowId, hash);
    this.#plans.set(key, plan);
    plan.catch(() => this.#plans.delete(key));
    return plan;
  }

  async #read(workflowId: string, hash: string): Promise<Plan> {
    const checked = await this.#workflows.checked(workflowId, hash);
    if (!checked) throw notFound('definition', hash);
    return { ...planOf(checked.document), pins: checked.pins };
  }
}

/** What the engine works with on AWS. */
export function engineServices(): Starter {
  let files: Files | undefined;
  const values = new BucketValues(s3, env.valuesBucket());
  const workflows = new DynamoWorkflows(dynamo, env.workflowsTable());
  return {
    runs: new DynamoRuns(dynamo, { table: env.runsTable(), values }),
    values,
    executions: new SfnExecutions(sfn, { express: env.runsMachineArn, standard: env.longRunsMachineArn }),
    workflows,
    definitions: new CachedDefinitions(workflows),
    // Not every function that works with runs may touch files.
    get files() {
      files ??= {
        rows: new DynamoFiles(dynamo, { table: env.doorsTable(), retentionDays: env.retentionDays() }),
        bytes: new BucketFiles(s3, env.valuesBucket()),
      };
      return files;
    },
    watcher,
    retentionDays: env.retentionDays(),
    now: () => new Date(),
    random: Math.random,
  };
}
