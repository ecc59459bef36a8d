import { hasSecrets, secretsOf } from '../../expression/input-secrets.ts';
import { type Mask, maskOf } from '../../kernel/mask.ts';
import type { Concealed, LeafKind } from '../../step/kind.ts';
import type { Failure } from '../model/entry.ts';
import type { Run } from '../model/run.ts';
import type { EngineServices } from '../ports.ts';

/**
 * The input of a step as it is stored: without what its kind knows for credentials, and without the secrets of the run. `secrets` are those
 * and all that were found, to be kept out of what the step says when it fails.
 */
export function maskedStepInput({ conceal }: Pick<LeafKind, 'conceal'>, input: unknown, runSecrets: string[]): Concealed {
  const { shown, secrets } = conceal?.(input) ?? { shown: input, secrets: [] };
  return { shown: maskOf(runSecrets).value(shown), secrets: [...runSecrets, ...secrets] };
}

/** A failure without secrets in its words. */
export function maskedFailure({ name, message, step, data }: Failure, mask: Mask): Failure {
  return {
    name,
    message: mask.text(message),
    ...(step !== undefined && { step }),
    ...(data !== undefined && { data: mask.value(data) }),
  };
}

/** What the run's input schema marks as secret. */
export async function secretsOfRun(
  { definitions, values }: Pick<EngineServices, 'definitions' | 'values'>,
  run: Pick<Run, 'workflowId' | 'definition' | 'inputs'>,
): Promise<string[]> {
  const { document } = await definitions.planOf(run.workflowId, run.definition);
  return hasSecrets(document.input) ? secretsOf(document.input, await values.read(run.inputs)) : [];
}
