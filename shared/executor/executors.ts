import type { Executors } from '../step/kind.ts';
import { type NetworkSettings, openNetwork } from './http/agents.ts';
import { httpExecutor } from './http/http.ts';
import { llmExecutor } from './llm/llm.ts';
import { mcpExecutor } from './mcp/mcp.ts';

/** What reaches outside, for the worker alone. A new kind is its own folder and one word here. */
export function executorsFor(settings: NetworkSettings): Executors {
  const network = openNetwork(settings);
  return { http: httpExecutor(network), llm: llmExecutor(network), mcp: mcpExecutor(network) };
}
