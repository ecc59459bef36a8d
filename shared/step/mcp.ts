import * as z from 'zod';
import type { LeafKind } from './kind.ts';

/** The form of an mcp step after evaluation. */
export type McpSpec = z.infer<typeof resolved>;

const resolved = z.strictObject({
  connection: z.string().min(1),
  tool: z.string().min(1).max(200),
  arguments: z.record(z.string(), z.unknown()).nullish(),
});

/** Calls a tool of an MCP server; its result is the structured content of the tool, or the list of its contents. */
export const mcp: LeafKind<McpSpec> = {
  shape: 'leaf',
  name: 'mcp',
  schema: z.strictObject({
    connection: z.string().min(1).describe('A connection of type mcp.'),
    tool: z.string().min(1).max(200).describe('The name of the tool.'),
    arguments: z.record(z.string(), z.unknown()).optional().describe('What the tool is given.'),
  }),
  resolved,
};
