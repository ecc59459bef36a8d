import type { HttpSpec } from '../../step/http/spec.ts';
import type { Executor } from '../../step/kind.ts';
import type { Network } from './agents.ts';
import { callHttp } from './call.ts';

/** Calls URLs. */
export const httpExecutor = (network: Network): Executor<HttpSpec> => ({
  execute: (spec, context) => callHttp(spec, context, network),
});
