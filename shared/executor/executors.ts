import type { Executors } from '../step/kind.ts';
import type { NetworkSettings } from './http/agents.ts';
import { httpExecutor } from './http/http.ts';

/** What reaches outside, for the worker alone. A new kind is its own folder and one word here. */
export const executorsFor = (network: NetworkSettings): Executors => ({ http: httpExecutor(network) });
