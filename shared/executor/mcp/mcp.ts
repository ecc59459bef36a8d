import type { Executor } from '../../step/kind.ts';
import type { McpSpec } from '../../step/mcp.ts';
import type { Network } from '../http/agents.ts';

/** Calls tools; the client is loaded with the first call. */
export const mcpExecutor = (network: Network): Executor<McpSpec> => ({
  execute: async (spec, context) => (await import('./call-tool.ts')).callTool(spec, context, network),
});
