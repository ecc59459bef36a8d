import { dynamo, s3, sfn } from '../../shared/aws/clients.ts';
import { DynamoFiles } from '../../shared/file/file.dynamo.ts';
import { BucketFiles } from '../../shared/file/file.s3.ts';
import type { Files } from '../../shared/file/file.ts';
import { env } from '../../shared/kernel/env.ts';
import type { StartServices } from '../../shared/run/start/start-request.ts';
import { SfnExecutions } from '../../shared/run/store/executions.sfn.ts';
import { DynamoRuns } from '../../shared/run/store/run.dynamo.ts';
import { BucketValues } from '../../shared/run/store/values.s3.ts';
import { watcher } from '../../shared/run/watcher.metrics.ts';
import { CachedDefinitions } from '../../shared/workflow/cached-definitions.ts';
import { DynamoWorkflows } from '../../shared/workflow/workflow.dynamo.ts';

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
        rows: new DynamoFiles(dynamo, { table: env.filesTable(), retentionDays: env.retentionDays() }),
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
