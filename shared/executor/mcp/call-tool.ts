import type { CallToolResult } from '@modelcontextprotocol/client';
import { fitInputs, schemaProblem } from '../../expression/input-schema.ts';
import { StepError } from '../../kernel/step-error.ts';
import { suggest } from '../../kernel/suggest.ts';
import type { LeafContext } from '../../step/kind.ts';
import type { McpSpec } from '../../step/mcp.ts';
import type { Network } from '../http/agents.ts';
import { contentsOf, textOf } from './contents.ts';
import { failureOf } from './failure.ts';
import { type Session, type Tool, withSession } from './session.ts';

/**
 * Calls the tool. Throws `StepError`: `McpToolFailed` with what the tool says, `InputInvalid` for a tool or arguments that the server does not take,
 * `CredentialRejected`, `ConnectionFailed`, or whatever reason the signal was aborted with.
 */
export async function callTool(spec: McpSpec, context: LeafContext, network: Network): Promise<unknown> {
  const connection = await context.connection(spec.connection);
  try {
    const result = await withSession(connection, { network, signal: context.signal, trace: context.trace }, async (session) => {
      const given = argumentsFor(await toolOf(session, spec), spec);
      return session.call(spec.tool, given);
    });
    await connection.report({ ok: true });
    return await outputOf(result, spec, context);
  } catch (error) {
    if (context.signal.aborted) throw reasonOf(context.signal, spec);
    throw await failureOf(error, connection, spec.tool);
  }
}

async function toolOf(session: Session, { tool: name, connection }: McpSpec): Promise<Tool> {
  const tools = await session.tools();
  const found = tools.find((tool) => tool.name === name);
  if (found) return found;
  const meant = suggest(
    name,
    tools.map((tool) => tool.name),
  );
  const hint = meant === undefined ? `It has ${tools.length} others.` : `Did you mean "${meant}"?`;
  throw new StepError('InputInvalid', `The server of connection "${connection}" has no tool "${name}". ${hint}`);
}

function argumentsFor({ inputSchema }: Tool, { tool, arguments: given }: McpSpec): Record<string, unknown> {
  // Servers name older drafts, which say the same of what tools take. One that we do not understand is for the server to check.
  const { $schema: _, ...schema } = inputSchema;
  const { problems } = schemaProblem(schema) === undefined ? fitInputs(schema, given ?? {}) : { problems: [] };
  const [first, ...more] = problems.map(({ path, message }) => `${path.replace(/^\./, '') || 'they'} ${message}`);
  if (first === undefined) return given ?? {};
  throw new StepError('InputInvalid', `Tool "${tool}" does not take these arguments: ${[first, ...more].join(', ')}`);
}

async function outputOf(result: CallToolResult, { tool }: McpSpec, { files }: LeafContext): Promise<unknown> {
  if (result.isError)
    throw new StepError('McpToolFailed', `Tool "${tool}" failed: ${textOf(result.content) || 'it does not say why'}`);
  return result.structuredContent ?? contentsOf(result.content, files);
}

function reasonOf({ reason }: AbortSignal, { tool }: McpSpec): unknown {
  const timedOut = reason instanceof DOMException && reason.name === 'TimeoutError';
  return timedOut ? new StepError('Timeout', `Tool "${tool}" did not answer in time`) : reason;
}
