import * as z from 'zod';
import { Problem } from '../kernel/problem.ts';

/** What a run may have come to, as far as it matters for how long it is kept. */
export const OUTCOMES = ['succeeded', 'failed', 'stopped'] as const;
export type Outcome = (typeof OUTCOMES)[number];

const days = z.int().min(1).max(3650);

/** For how many days runs are kept after their end, by what they came to; as long as the installation keeps them where nothing is said. */
export const retention = z.strictObject({ succeeded: days.optional(), failed: days.optional(), stopped: days.optional() });
export type Retention = z.infer<typeof retention>;

/** What holds for a workflow: its own days, under them those of the workspace. */
export function retentionOf(workspace: Retention | undefined, workflow: Retention | undefined): Retention | undefined {
  const both = { ...workspace, ...workflow };
  return Object.keys(both).length > 0 ? both : undefined;
}

/** Throws `invalid` for more days than the installation keeps anything: what runs point to would be gone before them. */
export function checkDays(given: Retention | undefined | null, most: number): void {
  for (const outcome of OUTCOMES) {
    const days = given?.[outcome];
    if (days !== undefined && days > most)
      throw new Problem(
        'invalid',
        `${outcome}: ${days} days are more than the ${most} that this installation keeps runs. Give ${most} or less, or have the setting retentionDays raised.`,
        [{ name: outcome, value: days }],
      );
  }
}
