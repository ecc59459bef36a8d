import { dropCopies } from '../file/copies.ts';
import type { Files } from '../file/file.ts';
import { Slots } from '../kernel/slots.ts';
import type { TestCase, Tests } from './test-case.ts';

export interface RemoveServices {
  tests: Tests;
  files: Files;
}

const AT_ONCE = 10;

/** Removes a case with all that it keeps. */
export async function removeTest({ tests, files }: RemoveServices, test: TestCase): Promise<void> {
  await dropCopies(files, test.files, test);
  await tests.remove(test);
}

/** Removes all cases of a workflow: nobody reaches them once it is gone, and they hold what its runs were given. */
export async function removeTests(services: RemoveServices, workflowId: string): Promise<void> {
  const slots = new Slots(AT_ONCE);
  const all = await services.tests.list(workflowId);
  await Promise.all(all.map((test) => slots.run(() => removeTest(services, test))));
}
