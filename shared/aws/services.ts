import { env } from '../env.ts';
import type { Files } from '../file/file.ts';
import { watcher } from '../observe.ts';
import type { StartServices } from '../run/start/start-run.ts';
import { BucketFiles } from './bucket-files.ts';
import { CachedDefinitions } from './cached-definitions.ts';
import { dynamo, s3, sfn } from './clients.ts';
import { DynamoFiles } from './dynamo-files.ts';
import { DynamoRuns } from './dynamo-runs.ts';
import { DynamoWorkflows } from './dynamo-workflows.ts';
import { SfnExecutions } from './sfn.ts';
import { BucketValues } from './values.ts';

/** What the engine works with on AWS. */
export function engineServices(): StartServices {
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
        rows: new DynamoFiles(dynamo, { table: env.triggersTable(), retentionDays: env.retentionDays() }),
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
