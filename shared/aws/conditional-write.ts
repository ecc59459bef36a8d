import * as z from 'zod';
import type { Item } from './items.ts';
import { type Patience, patiently } from './patiently.ts';

/**
 * What became of a conditional write. `found`: what stood there, one for each write of a transaction, where `ReturnValuesOnConditionCheckFailure` asks
 * for it.
 */
export type Written = { won: true } | { won: false; found: (Item | undefined)[] };

/**
 * Sends a conditional write and says whether its condition held. A write whose answer was lost is sent again and may then be conditionFailure because of
 * itself: whoever has to know looks at what was found.
 */
export function conditionalWrite(send: () => Promise<unknown>, patience?: Patience): Promise<Written> {
  return patiently(
    () =>
      send().then(
        () => ({ won: true }),
        (error: unknown) => ({ won: false, found: foundBy(error) }),
      ),
    patience,
  );
}

/** Whether its condition held: the one answer of repositories to a lost race. */
export const wins = async (send: () => Promise<unknown>, patience?: Patience) => (await conditionalWrite(send, patience)).won;

const item = z.custom<Item>().optional();
const conditionFailure = z.union([
  z.object({ name: z.literal('ConditionalCheckFailedException'), Item: item }).transform(({ Item }) => [Item]),
  z
    .object({
      name: z.literal('TransactionCanceledException'),
      CancellationReasons: z.array(z.object({ Code: z.string().optional(), Item: item })),
    })
    .refine(({ CancellationReasons }) => CancellationReasons.some(({ Code }) => Code === 'ConditionalCheckFailed'))
    .transform(({ CancellationReasons }) => CancellationReasons.map(({ Item }) => Item)),
]);

/** Throws whatever is not about a condition. */
function foundBy(error: unknown): (Item | undefined)[] {
  const { data } = conditionFailure.safeParse(error);
  if (!data) throw error;
  return data;
}
