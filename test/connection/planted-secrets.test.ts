import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { CONNECTION_TYPE_NAMES, type ConnectionType } from '../../shared/connection/connection-type.ts';
import { aMailServer } from '../executor/email/mail-server.ts';
import { Installation } from '../harness/installation.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';

/** What every secret here begins with. */
const MARK = 'PLANTED';
/** A file of a database has more than that. */
const LEAST_BYTES = 100_000;

interface Planted {
  settings: object;
  secret: Record<string, string>;
  /** Steps that send it to who sends it back; the last one fails. */
  steps: object[];
  /** In what form the other side must have seen it; undefined where only a signature or nothing is sent. */
  seen?: string;
}

const setting = new Installation();
let stub: StubServer;
let mail: Awaited<ReturnType<typeof aMailServer>>;
let planted: { [T in ConnectionType]: Planted };
beforeAll(async () => {
  [stub, mail] = await Promise.all([startStub(), aMailServer()]);
  planted = plantedFor(stub, mail.port);
  await setting.start();
});
afterAll(async () => {
  await setting.close();
  await Promise.all([stub.close(), mail.close()]);
});

/** One of each type. A new type does not compile without one. */
function plantedFor(server: StubServer, smtpPort: number): { [T in ConnectionType]: Planted } {
  const hosts = [new URL(server.url).host];
  const well = server.on('/well', ({ headers, query }) => ({ body: { headers, query } }));
  const badly = server.on('/badly', ({ headers, query }) => ({ status: 400, body: { headers, query } }));
  for (const path of ['/mcp', '/v1/chat/completions', '/v1/messages'])
    server.on(path, ({ headers, body }) => ({ status: 400, body: { error: { message: JSON.stringify(headers) }, body } }));
  const token = server.on('/token', { body: { access_token: `${MARK}-token`, token_type: 'Bearer', expires_in: 3600 } });
  const http = [
    { id: 'well', http: { method: 'GET', url: well, connection: 'it' } },
    { id: 'badly', http: { method: 'GET', url: badly, connection: 'it' } },
  ];
  const llm = [{ id: 'badly', timeout: '5s', llm: { connection: 'it', prompt: 'Who are you?' } }];
  const keys = { secret_access_key: `${MARK}-secret-key`, session_token: `${MARK}-session` };
  const model = { model: 'stand-in', base_url: `${server.url}/v1` };
  const basic = Buffer.from(`ada:${MARK}-password`).toString('base64');
  return {
    bearer: { settings: { hosts }, secret: { token: `${MARK}-bearer` }, steps: http, seen: `Bearer ${MARK}-bearer` },
    basic: {
      settings: { hosts, username: 'ada' },
      secret: { password: `${MARK}-password` },
      steps: http,
      seen: `Basic ${basic}`,
    },
    api_key: { settings: { hosts, name: 'x-key' }, secret: { key: `${MARK}-key` }, steps: http, seen: `${MARK}-key` },
    oauth2_client_credentials: {
      settings: { hosts, token_url: token, client_id: 'millrun', client_authentication: 'body' },
      secret: { client_secret: `${MARK}-client` },
      steps: http,
      seen: `Bearer ${MARK}-token`,
    },
    oauth2_authorization_code: {
      settings: { hosts, authorization_url: well, token_url: token, client_id: 'millrun', client_authentication: 'body' },
      secret: { client_secret: `${MARK}-client` },
      steps: http,
      seen: `Bearer ${MARK}-token`,
    },
    aws: {
      settings: { hosts, region: 'eu-central-1', service: 'execute-api', access_key_id: 'AKIAIOSFODNN7EXAMPLE' },
      secret: keys,
      steps: http,
      seen: `${MARK}-session`,
    },
    smtp: {
      settings: { host: '127.0.0.1', port: smtpPort, tls: 'none', username: 'ada', from: 'ada@example.com' },
      secret: { password: `${MARK}-mail` },
      steps: [{ id: 'badly', email: { connection: 'it', to: 'grace@example.com', subject: 'Hi', text: 'Hello' } }],
    },
    mcp: {
      settings: { url: `${server.url}/mcp` },
      secret: { token: `${MARK}-mcp` },
      steps: [{ id: 'badly', mcp: { connection: 'it', tool: 'echo', arguments: {} } }],
      seen: `Bearer ${MARK}-mcp`,
    },
    anthropic: { settings: model, secret: { api_key: `${MARK}-anthropic` }, steps: llm, seen: `${MARK}-anthropic` },
    openai: { settings: model, secret: { api_key: `${MARK}-openai` }, steps: llm, seen: `Bearer ${MARK}-openai` },
    bedrock: {
      settings: { region: 'nowhere-1', model: 'stand-in', access_key_id: 'AKIAIOSFODNN7EXAMPLE' },
      secret: keys,
      steps: llm,
    },
  };
}

const made = z.looseObject({ id: z.string() });

/** Uses a connection of the type until its last step has failed. Answers every view in which something of it may stand. */
async function used(type: ConnectionType): Promise<string> {
  const { settings, secret, steps } = planted[type];
  const name = `planted-${type.replaceAll('_', '-')}`;
  const body = { project_id: 'examples', name, type, settings, secret };
  const connection = made.parse(await setting.api.expect(201, 'POST', '/v1/connections', body));
  if (type === 'oauth2_authorization_code') await authorize(connection.id);
  const named = JSON.parse(JSON.stringify(steps).replaceAll('"connection":"it"', `"connection":"${name}"`));
  const run = await setting.api.through({ connections: [name], steps: z.array(z.unknown()).parse(named) });
  expect([run.status, run.error?.step], JSON.stringify(run.error)).toEqual(['failed', 'badly']);
  const tried = await setting.api.call('POST', `/v1/connections/${connection.id}/test`, {});
  const views = ['', '/events?limit=100', '/context', '/context?step=badly', '/context?step=well'].map(
    (of) => `/v1/runs/${run.id}${of}`,
  );
  const paths = [...views, `/v2/runs/${run.id}`, `/v1/connections/${connection.id}`, '/v1/connections?limit=100', '/v1/audit'];
  const answers = await Promise.all(paths.map((path) => setting.api.call('GET', path)));
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(paths.length - 2);
  return JSON.stringify([tried.body, ...answers.map(({ body }) => body)]);
}

const begun = z.looseObject({ url: z.url(), redirect_uri: z.url() });

/** As the provider would send a person back who has agreed. */
async function authorize(id: string): Promise<void> {
  const answer = await setting.api.call('POST', `/v1/connections/${id}/authorize`, {});
  const { url, redirect_uri: back } = begun.parse(answer.body);
  const opened = await fetch(url, { redirect: 'manual' });
  const state = new URL(opened.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const [cookie = ''] = (opened.headers.getSetCookie()[0] ?? '').split(';');
  const { status } = await fetch(`${back}?${new URLSearchParams({ state, code: `${MARK}-code` })}`, { headers: { cookie } });
  expect(status).toBe(200);
}

/** A secret as it is, and as it goes over the wire in base64. */
const formsOf = ({ secret }: Planted): string[] =>
  Object.values(secret).flatMap((one) => [
    one,
    Buffer.from(`ada:${one}`).toString('base64'),
    Buffer.from(`\u0000ada\u0000${one}`).toString('base64'),
  ]);

describe('a secret that is planted in a connection and sent back by whoever gets it is in no answer', () => {
  test.each(CONNECTION_TYPE_NAMES)('of type %s', async (type) => {
    const shown = await used(type);
    expect(shown).toContain(`planted-${type.replaceAll('_', '-')}`);
    expect(shown).not.toContain(MARK);
    for (const form of formsOf(planted[type])) expect(shown).not.toContain(form);
    const { seen } = planted[type];
    if (seen !== undefined) expect(JSON.stringify(stub.calls.map(({ headers }) => headers))).toContain(seen);
  });
});

test('nor is any of them in a file of the installation, or in what it writes to its log', () => {
  const files = readdirSync(setting.dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const contents = files.map((file) => readFileSync(join(file.parentPath, file.name)));
  const all = Buffer.concat([...contents, Buffer.from(setting.output)]);
  expect(all.length).toBeGreaterThan(LEAST_BYTES);
  // What is no secret is found, so a secret would be.
  for (const type of CONNECTION_TYPE_NAMES) expect(all.includes(`planted-${type.replaceAll('_', '-')}`), type).toBe(true);
  expect(all.includes(MARK)).toBe(false);
  const forms = Object.values(planted).flatMap(formsOf);
  expect(forms.length).toBeGreaterThanOrEqual(3 * CONNECTION_TYPE_NAMES.length);
  expect(forms.filter((form) => all.includes(form))).toEqual([]);
});
