import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi, uniqueName } from '../../edge/api.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { cert, key } from '../http/certificate.ts';
import { aMailServer, type MailServer } from './mail-server.ts';

const folder = temporaryFolder();
let api: Api;
let server: MailServer;
let office: string;
beforeAll(async () => {
  [api, server] = await Promise.all([startApi(undefined, folder.path), aMailServer()]);
  office = await connect({ port: server.port, username: 'ada' });
});
afterAll(async () => {
  await api.close();
  await server.close();
  folder.remove();
});

async function connect(settings: object, secret: object = { password: 'pw-SECRET' }): Promise<string> {
  const all = { host: '127.0.0.1', tls: 'none', from: 'orders@example.com', ...settings };
  const made = await api.post('/v1/connections', {
    project_id: 'examples',
    name: uniqueName(),
    type: 'smtp',
    settings: all,
    secret,
  });
  expect(made.status, made.text).toBe(201);
  return made.body.name;
}

const uploaded = async (name: string, content: string | Buffer): Promise<string> => {
  const {
    id,
    upload_url: url,
    upload_fields: fields,
  } = (await api.post('/v2/files', { file_name: name, agent_id: 'examples' })).body;
  const form = new FormData();
  for (const [field, value] of Object.entries<string>(fields)) form.append(field, value);
  form.append('file', new Blob([content]), name);
  const answered = await fetch(url, { method: 'POST', body: form });
  expect(answered.status, await answered.text()).toBeLessThan(300);
  return id;
};

async function sent(spec: object, { inputs = {}, files = [] as string[], more = {} } = {}) {
  const { connection } = spec as { connection?: string };
  const definition = {
    format: 1,
    name: uniqueName(),
    ...(connection && { connections: [connection] }),
    steps: [{ id: 'mail', email: spec, ...more }],
    output: { mail: '${ $steps.mail }' },
  };
  const made = await api.post('/v1/workflows', { project_id: 'examples', definition });
  expect(made.status, made.text).toBe(201);
  const published = await api.post(`/v1/workflows/${made.body.id}/publish`, {});
  expect(published.status, published.text).toBe(201);
  const params = { inputs, ...(files.length > 0 && { file_ids: files }) };
  const { body } = await api.post(`/v1/workflows/${made.body.id}/command`, { command: 'start', params });
  return (await api.get(`/v1/runs/${body.id}?wait=20`)).body;
}

const outbox = () =>
  readdirSync(join(folder.path, 'outbox'))
    .filter((name) => name.endsWith('.eml'))
    .map((name) => readFileSync(join(folder.path, 'outbox', name), 'utf8'));

const plain = { to: 'ada@example.com', subject: 'Hello', text: 'Good morning.' };

describe('by SES', () => {
  test('a mail goes out once, with all that the step says', async () => {
    const file = await uploaded('Grüße "1".txt', 'what is attached');
    const run = await sent(
      {
        to: ['ada@example.com', 'ben@example.com'],
        cc: 'cy@example.com',
        bcc: '${ $input.hidden }',
        subject: 'Bestätigung ${ $input.order }',
        text: 'Order ${ $input.order }',
        html: '<b>Order ${ $input.order }</b>',
        attachments: '${ $input.files.id }',
        reply_to: 'sales@example.com',
      },
      { inputs: { order: 4711, hidden: ['dee@example.com'] }, files: [file] },
    );
    expect(run, JSON.stringify(run.error)).toMatchObject({
      status: 'succeeded',
      outputs: { mail: { messageId: expect.stringMatching(/./), refused: [] } },
    });
    const mails = outbox().filter((mail) => mail.includes(run.id));
    expect(mails).toHaveLength(1);
    const [raw = ''] = mails;
    expect(raw).toContain('X-Envelope-From: noreply@mail.localhost\r\n');
    expect(raw).toContain('X-Envelope-To: ada@example.com, ben@example.com, cy@example.com, dee@example.com\r\n');
    const mail = await PostalMime.parse(raw);
    expect(mail).toMatchObject({
      subject: 'Bestätigung 4711',
      from: { address: 'noreply@mail.localhost' },
      replyTo: [{ address: 'sales@example.com' }],
      html: expect.stringContaining('<b>Order 4711</b>'),
      text: expect.stringContaining('Order 4711'),
      attachments: [{ filename: 'Grüße "1".txt' }],
    });
    expect(mail.bcc ?? []).toEqual([]);
    expect(raw.split('X-Envelope-To')[1]?.split('\r\n').slice(1).join()).not.toContain('dee@example.com');
    const header = (key: string) => mail.headers.find((one) => one.key === key)?.value;
    expect(header('x-millrun-step')).toBe(`${run.id}/mail`);
    expect(header('auto-submitted')).toBe('auto-generated');
  });

  test.each<[string, object, object, string, RegExp]>([
    [
      'a line break in the subject',
      { subject: '${ $input.x }' },
      { x: 'a\r\nBcc: eve@example.com' },
      'ExpressionError',
      /subject: must be one line/,
    ],
    [
      'a line break in an address',
      { to: '${ $input.x }' },
      { x: 'a@example.com\r\nBcc: e@example.com' },
      'ExpressionError',
      /to.*mail address/,
    ],
    [
      'two addresses in one',
      { to: '${ $input.x }' },
      { x: 'a@example.com, b@example.com' },
      'ExpressionError',
      /to.*mail address/,
    ],
    ['nobody', { to: '${ $input.x }' }, { x: [] }, 'ExpressionError', /to.*at least one/],
    [
      'more than 50 people',
      { to: '${ $input.x }', cc: 'last@example.com' },
      { x: Array.from({ length: 50 }, (_, n) => `p${n}@example.com`) },
      'ExpressionError',
      /to: names more than 50/,
    ],
    ['nothing to say', { text: '${ $input.x }' }, { x: '' }, 'ExpressionError', /text or html/],
    ['a file that is not there', { attachments: '${ $input.x }' }, { x: ['nope'] }, 'FileUnavailable', /nope/],
    [
      'a mail that is too large',
      { text: '${ $pad("", 4900000, "ä") & $pad("", 4900000, "ä") }' },
      {},
      'InputInvalid|ExpressionError|OutputTooLarge',
      /./,
    ],
  ])('%s is refused by name, and nothing is sent', async (_, spec, inputs, name, message) => {
    const run = await sent({ ...plain, ...spec }, { inputs });
    expect(run.status).toBe('failed');
    expect(run.error.name).toMatch(new RegExp(`^(${name})$`));
    expect(run.error.message).toMatch(message);
    expect(outbox().filter((mail) => mail.includes(run.id))).toEqual([]);
  });

  test('an attachment of more than 7 MiB is refused before it is read', async () => {
    const file = await uploaded('large.bin', Buffer.alloc(7 * 1024 * 1024 + 1));
    const run = await sent({ ...plain, attachments: '${ $input.files.id }' }, { files: [file] });
    expect(run.error).toMatchObject({ name: 'InputInvalid', message: expect.stringContaining('7340033 bytes') });
  });

  test('attachments of 7 MiB are sent', async () => {
    const file = await uploaded('large.bin', Buffer.alloc(7 * 1024 * 1024, 'x'));
    const run = await sent({ ...plain, attachments: '${ $input.files.id }' }, { files: [file] });
    expect(run, JSON.stringify(run.error)).toMatchObject({ status: 'succeeded' });
  });

  test('what is wrong with constants is said when the document is saved', async () => {
    const saved = async (spec: object) => {
      const definition = { format: 1, name: uniqueName(), steps: [{ id: 'mail', email: spec }] };
      return api.post('/v1/workflows', { project_id: 'examples', definition });
    };
    for (const spec of [
      { ...plain, to: 'nobody' },
      { ...plain, to: [] },
      { ...plain, subject: 'a\nb' },
      { to: 'ada@example.com', subject: 'x' },
      { ...plain, form: 'ada@example.com' },
    ])
      expect((await saved(spec)).status, JSON.stringify(spec)).toBe(422);
  });
});

describe('over a mail server', () => {
  test('a mail is handed over with user name and password, and nobody reads them', async () => {
    const run = await sent({ ...plain, connection: office, bcc: 'dee@example.com' });
    expect(run, JSON.stringify(run.error)).toMatchObject({ status: 'succeeded' });
    const mail = server.taken.at(-1);
    expect(mail).toMatchObject({ from: 'orders@example.com', to: ['ada@example.com', 'dee@example.com'], user: 'ada' });
    expect(run.outputs.mail.messageId).toMatch(new RegExp(`^<${run.id}\\.[0-9a-f]{24}@example\\.com>$`));
    expect((await PostalMime.parse(mail?.raw ?? '')).messageId).toBe(run.outputs.mail.messageId);
    expect(mail?.raw).not.toContain('dee@example.com');
    const views = await Promise.all(['', '/events?limit=100', '/context'].map((path) => api.get(`/v1/runs/${run.id}${path}`)));
    expect(views.map(({ text }) => text).join()).not.toContain('SECRET');
  });

  test('whom the server does not take a mail for is named in the result', async () => {
    server.refused.add('gone@example.com');
    const run = await sent({ ...plain, to: ['ada@example.com', 'gone@example.com'], connection: office });
    expect(run.outputs).toMatchObject({ mail: { refused: ['gone@example.com'] } });
    expect((await sent({ ...plain, to: 'gone@example.com', connection: office })).error).toMatchObject({
      name: 'MailRefused',
      message: expect.stringContaining('no such user'),
    });
  });

  test.each<[Parameters<MailServer['say']>[0], string]>([
    [{ code: 554, message: 'smells of spam' }, 'MailRefused'],
    [{ code: 552, message: 'too large' }, 'InputInvalid'],
    [{ code: 451, message: 'come again' }, 'TooManyRequests'],
    ['hang up', 'StepInterrupted'],
  ])('that answers %j fails as %s', async (say, name) => {
    server.say(say);
    const before = server.taken.length;
    const run = await sent({ ...plain, connection: office });
    expect(run.error, JSON.stringify(run)).toMatchObject({ name });
    expect(server.taken.length).toBe(before);
  });

  test('a retry without names never repeats a mail of which nobody knows; one that was not taken it does', async () => {
    server.say('hang up');
    const unknown = await sent({ ...plain, connection: office }, { more: { retry: { attempts: 3, delay: '1s' } } });
    expect(unknown.error).toMatchObject({ name: 'StepInterrupted' });
    server.say({ code: 451, message: 'come again' });
    const before = server.taken.length;
    const again = await sent({ ...plain, connection: office }, { more: { retry: { attempts: 3, delay: '1s' } } });
    expect(again, JSON.stringify(again.error)).toMatchObject({ status: 'succeeded' });
    expect(server.taken.length).toBe(before + 1);
  });

  test('a server that says nothing is given up with the time of the step, and nobody knows', async () => {
    server.say('silence');
    const run = await sent({ ...plain, connection: office }, { more: { timeout: '1s' } });
    expect(run.error, JSON.stringify(run)).toMatchObject({ name: 'StepInterrupted' });
  });

  test('a wrong password is CredentialRejected, and the connection says so without it', async () => {
    const wrong = await connect({ port: server.port, username: 'ada' }, { password: 'wrong-SECRET' });
    const run = await sent({ ...plain, connection: wrong });
    expect(run.error, JSON.stringify(run.error)).toMatchObject({ name: 'CredentialRejected' });
    const { items } = (await api.get('/v1/connections?limit=100')).body;
    const row = items.find(({ name }: { name: string }) => name === wrong);
    expect(row.status).toMatchObject({ state: 'not_connected' });
    expect(JSON.stringify([run, row])).not.toContain('SECRET');
  });

  test('a server that is not there, has no TLS, or a certificate that nobody trusts, is not spoken to', async () => {
    expect((await sent({ ...plain, connection: await connect({ port: 9 }, {}) })).error).toMatchObject({
      name: 'ConnectionFailed',
      message: expect.stringContaining('refused the connection'),
    });
    const before = server.logins;
    const noTls = await connect({ port: server.port, tls: 'starttls', username: 'ada' });
    expect((await sent({ ...plain, connection: noTls })).error).toMatchObject({ name: 'ConnectionFailed' });
    const own = await aMailServer({ secure: true, key, cert });
    const implicit = await connect({ port: own.port, tls: 'implicit', username: 'ada' });
    expect((await sent({ ...plain, connection: implicit })).error).toMatchObject({ name: 'ConnectionFailed' });
    await own.close();
    expect(server.logins).toBe(before);
    expect(own.logins).toBe(0);
  });

  test('a connection of another type cannot be used', async () => {
    const name = uniqueName();
    await api.post('/v1/connections', {
      project_id: 'examples',
      name,
      type: 'bearer',
      settings: { hosts: ['erp.example'] },
      secret: { token: 'x' },
    });
    expect((await sent({ ...plain, connection: name })).error).toMatchObject({
      name: 'InputInvalid',
      message: expect.stringContaining('of type bearer'),
    });
  });

  test('a connection is tried by greeting the server', async () => {
    const idOf = async (name: string) =>
      (await api.get('/v1/connections?limit=100')).body.items.find((one: { name: string }) => one.name === name).id;
    const tried = async (name: string, body = {}) => (await api.post(`/v1/connections/${await idOf(name)}/test`, body)).body;
    expect((await tried(office)).status).toMatchObject({ state: 'connected' });
    const wrong = await connect({ port: server.port, username: 'ada' }, { password: 'wrong-SECRET' });
    const failed = await tried(wrong);
    expect(failed.status).toMatchObject({ state: 'not_connected', reason: expect.stringContaining('refused') });
    expect(JSON.stringify(failed)).not.toContain('SECRET');
    expect((await tried(office, { url: 'https://erp.example' })).details).toMatchObject([{ name: 'url' }]);
  });
});
