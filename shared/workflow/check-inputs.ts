import { computeThreads, ThreadStopped } from '../expression/compute-threads.ts';
import { type CheckedInputs, fitInputs, isTame, TOO_LONG } from '../expression/input-schema.ts';
import type { Document } from './document.ts';

/** The inputs with the defaults of the schema filled in, and what does not fit. Where there are threads, they do what may take long. */
export async function checkInputs({ input: schema }: Document, inputs: unknown): Promise<CheckedInputs> {
  if (schema === undefined) return { inputs, problems: [] };
  const threads = isTame(schema, inputs) ? undefined : computeThreads();
  if (!threads) return fitInputs(schema, inputs);
  return threads.run({ kind: 'inputs', schema, inputs }).catch((error: unknown) => {
    if (error instanceof ThreadStopped) return { inputs, problems: [TOO_LONG] };
    throw error;
  }) as Promise<CheckedInputs>;
}
