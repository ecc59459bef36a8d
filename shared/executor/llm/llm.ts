import type { Executor } from '../../step/kind.ts';
import type { LlmSpec } from '../../step/llm.ts';
import type { Network } from '../http/agents.ts';

/** Asks models; their clients are loaded with the first question. */
export const llmExecutor = (network: Network): Executor<LlmSpec> => ({
  execute: async (spec, context) => (await import('./ask.ts')).ask(spec, context, network),
});
