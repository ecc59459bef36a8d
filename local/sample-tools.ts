import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { readBody } from './aws/body.ts';
import { SAMPLES_PATH } from './sample-services.ts';

const TOOLS_PATH = `${SAMPLES_PATH}mcp`;
const MAX_BODY_BYTES = 1024 * 1024;

const VENDORS = [
  { id: 'vendor-7', name: 'Acme Supplies', payWithinDays: 14 },
  { id: 'vendor-8', name: 'Northwind Traders', payWithinDays: 30 },
];
const ARTICLES: Record<string, string[]> = {
  billing: ['How to read your invoice', 'Change the address of your invoices'],
  outage: ['What we do while something is down', 'Where we tell how it stands'],
};

/** An MCP server over streamable HTTP with two tools: a directory of vendors, and articles that help. It keeps no session, so it may end at any moment. */
export class SampleTools {
  #handler: Promise<(request: Request) => Promise<Response>> | undefined;

  owns(request: IncomingMessage): boolean {
    return request.url === TOOLS_PATH;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Few who start the cloud call it, and nobody before the cloud is up.
    this.#handler ??= handler();
    const answered = await (await this.#handler)(await webRequest(request));
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    for await (const chunk of answered.body ?? []) response.write(chunk);
    response.end();
  }
}

async function handler() {
  const { createMcpHandler, McpServer } = await import('@modelcontextprotocol/server');
  return createMcpHandler(() => {
    const server = new McpServer({ name: 'samples', version: '1.0.0' });
    const vendor = { description: 'Finds a vendor by name', inputSchema: z.object({ name: z.string() }) };
    server.registerTool('find-vendor', vendor, ({ name }) => found(vendorCalled(name)));
    const articles = { description: 'Finds articles that help', inputSchema: z.object({ topic: z.string() }) };
    server.registerTool('find-articles', articles, ({ topic }) => found({ titles: ARTICLES[topic] ?? [] }));
    return server;
  }).fetch;
}

function vendorCalled(name: string) {
  const vendor = VENDORS.find((one) => one.name.toLowerCase() === name.trim().toLowerCase());
  return vendor ? { known: true, ...vendor } : { known: false, name };
}

const found = (content: Record<string, unknown>) => ({
  content: [{ type: 'text' as const, text: JSON.stringify(content) }],
  structuredContent: content,
});

async function webRequest(request: IncomingMessage): Promise<Request> {
  const { method = 'GET', headers } = request;
  const body = method === 'GET' || method === 'HEAD' ? undefined : await readBody(request, MAX_BODY_BYTES);
  const sent = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  return new Request(`http://${headers.host}${request.url}`, {
    method,
    headers: sent,
    ...(body && { body: new Uint8Array(body) }),
  });
}
