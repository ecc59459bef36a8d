import type { HttpSpec } from '../../step/http/spec.ts';
import type { Executor } from '../../step/kind.ts';
import { type NetworkSettings, openNetwork } from './agents.ts';
import { callHttp } from './call.ts';

/** Calls URLs over a network of its own: public addresses only, unless the settings allow others. */
export function httpExecutor(settings: NetworkSettings = {}): Executor<HttpSpec> {
  const network = openNetwork(settings);
  return { execute: (spec, context) => callHttp(spec, context, network) };
}
