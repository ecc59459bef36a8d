import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that take longest of their project, mostly because they wait: they begin first, beside others that compute, so that none of them is left alone at the end. */
const LONGEST = [
  // More than a minute.
  'test/bench/bench.test.ts',
  'test/crash/answers.test.ts',
  'test/crash/examples.test.ts',
  'test/crash/crash.test.ts',
  'test/web/pages.test.ts',
  'test/run/size.test.ts',
  'test/local/start.test.ts',
  // More than fifteen seconds.
  'test/docs/readme.test.ts',
  'test/e2e/operator.test.ts',
  'test/subscription/subscriptions.test.ts',
  'test/trigger/email/mailbox.test.ts',
  'test/security/expressions.test.ts',
  'test/security/fuzz.test.ts',
  'test/workflow/expression-bounds.test.ts',
  'test/infra/bundles.test.ts',
  'test/job/subjects-crash.test.ts',
  'test/trigger/schedule/schedules.test.ts',
  'test/trigger/schedule/crash.test.ts',
  'test/file/large-files.test.ts',
  'test/job/jobs.test.ts',
  'test/job/crash.test.ts',
  'test/aws/dynamo-runs.test.ts',
  'test/aws/list-reach.test.ts',
  'test/edge/access.test.ts',
  'test/run/outage.test.ts',
  'test/run/random.test.ts',
  'test/run/control/random.test.ts',
];

/** Within their project, which is what processes are shared in. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const byProject = Object.groupBy(await super.sort(files), ({ project }) => project.name);
    return Object.values(byProject).flatMap((own = []) => own.toSorted((one, other) => this.#place(one) - this.#place(other)));
  }

  #place({ moduleId }: TestSpecification): number {
    const place = LONGEST.findIndex((path) => moduleId.endsWith(`/${path}`));
    return place < 0 ? LONGEST.length : place;
  }
}
