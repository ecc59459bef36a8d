import { createHmac } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DynamoDeliveries } from '../../../shared/trigger/delivery/delivery.dynamo.ts';
import type { Delivery } from '../../../shared/trigger/delivery/delivery.ts';
import { rawMail } from '../../../shared/trigger/email/raw-mail.ts';
import { type Api, expectRefusal, ONE_STEP, startApi, uniqueName } from '../../edge/api.ts';
import { API_KEY } from '../../harness/millrun-process.ts';
import { aMail, mailSender } from '../email/mail-sender.ts';

let api: Api;
let client: DynamoDBClient;
beforeAll(async () => {
  api = await startApi();
  client = new DynamoDBClient({ endpoint: api.cloud.cloudUrl });
});
afterAll(async () => {
  client.destroy();
  await api.close();
});

const hex = (secret: string, text: string | Buffer) => `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`;

async function aWebhook(more: object = {}, workflow?: string) {
  const id = workflow ?? (await api.publish(ONE_STEP));
  const made = await api.post(`/v1/workflows/${id}/webhooks`, { name: 'orders', scheme: 'sha256', ...more });
  expect(made.status, made.text).toBe(201);
  return { ...made.body, workflow: id, path: `/v1/workflows/${id}/webhooks/${made.body.id}` };
}

const send = (url: string, body: string | Buffer, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

const listed = async (query: string) => (await api.get(`/v1/deliveries?limit=100&${query}`)).body;
const idsOf = async (query: string) => (await listed(query)).items.map(({ id }: { id: string }) => id);

describe('a list of deliveries', () => {
  let workflow: string;
  let one: Awaited<ReturnType<typeof aWebhook>>;
  let accepted: { id: string; run_id: string; at: string; key: string };
  let rejected: { id: string; reason: string };
  let between: string;

  beforeAll(async () => {
    one = await aWebhook();
    ({ workflow } = one);
    const other = await aWebhook({ name: 'bills' }, workflow);
    await send(one.url, '{"n":1}', { 'x-hub-signature-256': hex(one.secret, '{"n":1}'), 'x-github-delivery': 'Order-4711' });
    between = new Date(Date.now() + 1).toISOString();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await send(other.url, '{"n":2}', { 'x-hub-signature-256': 'sha256=00', 'x-github-delivery': 'Bill-1' });
    [rejected, accepted] = (await listed(`workflow_id=${workflow}`)).items;
  });

  test('is narrowed by trigger, reason, time and words, in any combination', async () => {
    const of = `workflow_id=${workflow}&`;
    expect(await idsOf(`${of}trigger_id=${one.id}`)).toEqual([accepted.id]);
    expect(await idsOf(`trigger_id=${one.id}`)).toEqual([accepted.id]);
    expect(await idsOf(`${of}reason=SIGNATURE+does`)).toEqual([rejected.id]);
    expect(await idsOf(`${of}to=${between}`)).toEqual([accepted.id]);
    expect(await idsOf(`${of}from=${between}`)).toEqual([rejected.id]);
    expect(await idsOf(`${of}from=${between}&to=2020-01-01T00:00:00Z`)).toEqual([]);
    expect(await idsOf(`${of}q=order-47`)).toEqual([accepted.id]);
    expect(await idsOf(`${of}q=127.0.0.1`)).toEqual([rejected.id, accepted.id]);
    expect(await idsOf(`q=${accepted.run_id.toLowerCase()}`)).toEqual([accepted.id]);
    expect(await idsOf(`q=${rejected.id}`)).toEqual([rejected.id]);
    expect(await idsOf(`${of}outcome=accepted&q=bill`)).toEqual([]);
    expect(await idsOf(`${of}outcome=rejected&trigger=webhook&q=bill&reason=signature&project_id=examples`)).toEqual([
      rejected.id,
    ]);
  });

  test.each(['reason=', `q=${'x'.repeat(201)}`, 'from=yesterday', 'trigger_id=a%20b', 'sender=ada'])(
    '%s is refused by name',
    async (query) => {
      expectRefusal(await api.get(`/v1/deliveries?${query}`), 400, query.split('=')[0]);
    },
  );

  test('looks at so many a page, says how far it has come, and goes on from there', async () => {
    const deliveries = new DynamoDeliveries(() => client, { table: process.env['TRIGGERS_TABLE'] ?? '', retentionDays: 90 });
    const key = await api.keyOf({ workspace: 'busy', project: 'ops' });
    const begun = Date.now() - 3_000_000;
    const rows = Array.from({ length: 2_300 }, (_, n) => aDelivery(begun + n * 1_000, n === 100 ? 'needle' : `source-${n}`));
    for (let at = 0; at < rows.length; at += 100) await Promise.all(rows.slice(at, at + 100).map((row) => deliveries.put(row)));
    const seen: string[] = [];
    const times: string[] = [];
    for (let token = ''; ; ) {
      const { body } = await api.get(`/v1/deliveries?q=needle${token}`, { key });
      seen.push(...body.items.map(({ source }: { source: string }) => source));
      if (body.continuation_token === null) break;
      times.push(body.searched_to);
      token = `&continuation_token=${body.continuation_token}`;
    }
    expect(seen).toEqual(['needle']);
    expect(times).toEqual([rows[300]?.at]);
    const pages: string[] = [];
    for (let token = ''; ; ) {
      const { body } = await api.get(`/v1/deliveries?limit=97&q=source-4${token}`, { key });
      pages.push(...body.items.map(({ id }: { id: string }) => id));
      if (body.continuation_token === null) break;
      token = `&continuation_token=${body.continuation_token}`;
    }
    const meant = rows.filter(({ source }) => source.includes('source-4')).map(({ id }) => id);
    expect(pages).toEqual(meant.toReversed());
  });
});

const aDelivery = (atMs: number, source: string): Delivery => ({
  id: ulid(atMs),
  workspace: 'busy',
  project: 'ops',
  trigger: 'webhook',
  triggerId: 'hook',
  source,
  key: 'k',
  at: new Date(atMs).toISOString(),
  outcome: 'accepted',
  bytes: 1,
  redeliveries: 0,
});

describe('what was delivered', () => {
  /** Bytes as they come. */
  async function raw(id: string, key = API_KEY) {
    const answered = await fetch(`${api.url}/v1/deliveries/${id}/raw`, { headers: { 'x-api-key': key } });
    return { status: answered.status, headers: answered.headers, bytes: Buffer.from(await answered.arrayBuffer()) };
  }
  const newest = async (workflow: string) => (await listed(`workflow_id=${workflow}`)).items[0];

  test('by a webhook is downloaded as a request with its bytes, without credentials in its head', async () => {
    const hook = await aWebhook();
    const body = Buffer.from([0, 255, 60, 115, 99, 114, 105, 112, 116, 62]);
    const signature = hex(hook.secret, body);
    await send(`${hook.url}?token=hush-hush&page=2`, body, {
      'content-type': 'application/octet-stream',
      'x-hub-signature-256': signature,
      'x-api-key': 'hush-hush',
      authorization: 'Bearer hush-hush',
      'x-shop-token': 'hush-hush',
    });
    const { id } = await newest(hook.workflow);
    const { status, headers, bytes } = await raw(id);
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${id}.http"`,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    const [head = ''] = bytes.toString('latin1').split('\r\n\r\n');
    expect(head).toMatch(/^POST \/\?token=\*\*\*&page=2 HTTP\/1\.1\r\n/);
    expect(head).toContain('content-type: application/octet-stream');
    expect(head).toContain('x-hub-signature-256: ***');
    expect(bytes.subarray(head.length + 4)).toEqual(body);
    for (const secret of ['hush-hush', signature]) expect(head).not.toContain(secret);
  });

  test('of the largest size comes whole', async () => {
    const hook = await aWebhook();
    const body = JSON.stringify({ text: 'x'.repeat(4 * 1024 * 1024 - 12) });
    await send(hook.url, body, { 'x-hub-signature-256': hex(hook.secret, body) });
    const { bytes } = await raw((await newest(hook.workflow)).id);
    expect(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4).toString() === body).toBe(true);
  });

  test('that nothing was kept of, or that others own, is not found; too small a role is told so', async () => {
    const hook = await aWebhook();
    const large = Buffer.alloc(4 * 1024 * 1024 + 1, 'x');
    await send(hook.url, large, { 'x-hub-signature-256': hex(hook.secret, large) });
    const { id } = await newest(hook.workflow);
    expectRefusal(await api.get(`/v1/deliveries/${id}/raw`), 404, 'payload');
    await send(hook.url, '{}', { 'x-hub-signature-256': 'sha256=00' });
    const kept = (await newest(hook.workflow)).id;
    expect((await raw(kept)).status).toBe(200);
    expectRefusal(await api.get(`/v1/deliveries/${kept}/raw`, { key: await api.keyOf({ project: 'elsewhere' }) }), 404);
    expectRefusal(await api.get(`/v1/deliveries/${kept}/raw`, { key: await api.keyOf({ role: 'operator' }) }), 403);
  });

  test('by a mail is the mail; one that is too large for an answer says where it lies', async () => {
    const box = await mailSender(api.cloud);
    const mail = aMail({ 'X-Api-Key': 'hush-hush', 'X-Order': '17' }, 'Good morning, hush-hush.\r\n');
    const { id } = await box.deliver(mail);
    const text = (await raw(id)).bytes.toString();
    expect(text).toContain('X-Api-Key: ***');
    expect(text).toContain('X-Order: 17');
    expect(text.endsWith('Good morning, hush-hush.\r\n')).toBe(true);
    const large = await box.deliver(aMail({}, `${'x'.repeat(70)}\r\n`.repeat(60_000)));
    expectRefusal(await api.get(`/v1/deliveries/${large.id}/raw`), 413, 'payload');
  });

  test('in the head of a mail folded fields and proofs of who wrote it', () => {
    const mail = 'DKIM-Signature: v=1;\r\n b=abc\r\nX-Auth-Token: one\r\n two\r\nSubject: token: x\r\n\r\nX-Auth-Token: body\r\n';
    expect(rawMail.write(Buffer.from(mail)).toString()).toBe(
      'DKIM-Signature: v=1;\r\n b=abc\r\nX-Auth-Token: ***\r\nSubject: token: x\r\n\r\nX-Auth-Token: body\r\n',
    );
    const bytes = Buffer.from([83, 58, 32, 255, 10, 10, 254]);
    expect(rawMail.write(bytes)).toEqual(bytes);
  });
});

describe('a sample request', () => {
  test.each(['standard', 'sha256', 'shopify', 'stripe', 'slack', 'none'])(
    'of the scheme %s goes through the way in, as often as one likes',
    async (scheme) => {
      const hook = await aWebhook({ scheme });
      for (const body of [{}, {}, { body: { order: scheme } }]) {
        const tried = await api.post(`${hook.path}/test`, body);
        expect(tried.body, tried.text).toMatchObject({ outcome: 'accepted', trigger_id: hook.id, source: 'test', reason: null });
        const run = await api.ended(tried.body.run_id);
        expect(run.inputs).toMatchObject('body' in body ? { order: scheme } : { test: true });
        expect(run).toMatchObject({ trigger: 'webhook', actor: { kind: 'trigger', id: hook.id } });
      }
    },
  );

  test('shows what a sender would hear: a hook that is off, a mapping that fails, inputs that do not fit, a condition', async () => {
    const workflow = await api.publish(ONE_STEP, {
      top: 'input: { type: object, required: [order], properties: { order: { type: integer } } }',
    });
    const hook = await aWebhook({ mapping: '{"order": body.n}', if: 'body.n != 0' }, workflow);
    const tried = async (n: unknown) => (await api.post(`${hook.path}/test`, { body: { n } })).body;
    expect(await tried(7)).toMatchObject({ outcome: 'accepted' });
    expect(await tried('seven')).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('order'), run_id: null });
    expect(await tried(0)).toMatchObject({ outcome: 'skipped' });
    await api.call('PATCH', hook.path, { body: { enabled: false } });
    expect(await tried(8)).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('turned off') });
  });

  test('is refused for a hook of another workflow, for operators, and with fields that nobody knows', async () => {
    const [hook, other] = [await aWebhook(), await aWebhook()];
    expectRefusal(await api.post(`/v1/workflows/${other.workflow}/webhooks/${hook.id}/test`, {}), 404, 'webhook');
    expectRefusal(await api.post(`${hook.path}/test`, {}, { key: await api.keyOf({ role: 'operator' }) }), 403);
    expectRefusal(await api.post(`${hook.path}/test`, {}, { key: await api.keyOf({ project: uniqueName() }) }), 404);
    expectRefusal(await api.post(`${hook.path}/test`, { payload: 1 }), 400, 'payload');
  });
});
