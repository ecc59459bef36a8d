import * as z from 'zod';
import type { Task } from '../run/model/task.ts';
import type { Values } from '../run/ports.ts';

const question = z.object({
  body: z.string().optional(),
  form: z.record(z.string(), z.unknown()).optional(),
});

/** The text and the form of what is asked. */
export async function questionOf(
  { values }: { values: Pick<Values, 'read'> },
  { input }: Task,
): Promise<z.infer<typeof question>> {
  return input ? question.parse(await values.read(input)) : {};
}
