import { createHash } from 'node:crypto';
import { type CallToolResult, Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { LRUCache } from 'lru-cache';
import { CONNECTION_TYPES } from '../../connection/connection-type.ts';
import type { OpenConnection } from '../../connection/open-connection.ts';
import { StepError } from '../../kernel/step-error.ts';
import { type Trace, traceHeaders } from '../../kernel/trace.ts';
import type { Network } from '../http/agents.ts';
import { fetchOver } from '../http/fetch-over.ts';

export interface Tool {
  name: string;
  inputSchema: Record<string, unknown>;
}

/** A session with a server. */
export interface Session {
  tools(): Promise<Tool[]>;
  call(name: string, given: Record<string, unknown>): Promise<CallToolResult>;
}

const MOST_SERVERS = 200;
const TOOLS_KEPT_MS = 5 * 60_000;
/** The step has its own time limit. */
const LONGEST_MS = 24 * 3_600_000;

/** Tools of servers, as they were said a while ago. */
const tools = new LRUCache<string, Tool[]>({ max: MOST_SERVERS, ttl: TOOLS_KEPT_MS });

/** Opens a session over streamable HTTP, works with it and closes it. Throws `InputInvalid` for a connection of another type. */
export async function withSession<T>(
  connection: OpenConnection,
  { network, signal, trace }: { network: Network; signal: AbortSignal; trace: Trace },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  if (connection.type !== 'mcp')
    throw new StepError(
      'InputInvalid',
      `Connection "${connection.name}" is of type ${connection.type}; an mcp step needs one of type mcp.`,
    );
  const { url } = CONNECTION_TYPES.mcp.settings.parse(connection.settings);
  const { token } = CONNECTION_TYPES.mcp.secret.parse(connection.secrets[0] ?? {});
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    fetch: fetchOver(network, signal),
    requestInit: {
      headers: { ...traceHeaders(trace), ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    },
  });
  const client = new Client({ name: 'millrun', version: '0.1.0' });
  const options = { signal, timeout: LONGEST_MS };
  const known = createHash('sha256')
    .update(JSON.stringify([connection.id, url, token]))
    .digest('hex');
  try {
    await client.connect(transport, options);
    return await work({
      tools: async () => {
        const kept = tools.get(known);
        if (kept) return kept;
        const { tools: found } = await client.listTools(undefined, options);
        tools.set(known, found);
        return found;
      },
      call: (name, given) => client.callTool({ name, arguments: given }, options),
    });
  } finally {
    await transport.terminateSession().catch(() => undefined);
    await client.close().catch(() => undefined);
  }
}
