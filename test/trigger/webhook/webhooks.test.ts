import { execFile } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answered, type Api, expectRefusal, startApi } from '../../edge/api.ts';

const shell = promisify(execFile);
let api: Api;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const ECHO = '  - id: only\n    set: { got: "${ $input }" }\n';

async function hookOf(scheme: string, more: object = {}, workflow?: string) {
  const id = workflow ?? (await api.publish(ECHO));
  const made = await api.post(`/v1/workflows/${id}/webhooks`, { name: scheme, scheme, ...more });
  expect(made.status, made.text).toBe(201);
  return { ...made.body, workflow: id, path: `/v1/workflows/${id}/webhooks/${made.body.id}` };
}

async function send(url: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answered> {
  return api.post(new URL(url).pathname + new URL(url).search, body, { key: null, headers });
}

const delivery = async (id: string) => (await api.get(`/v1/deliveries/${id}`)).body;
const refusedDelivery = (answered: Answered) =>
  delivery(answered.body.details.find(({ name }: { name: string }) => name === 'delivery_id').value);

const hex = (secret: string, text: string | Uint8Array) => createHmac('sha256', secret).update(text).digest('hex');
const now = () => Math.floor(Date.now() / 1000);

/** A request as each sender makes it, by the rules it publishes. */
const senders: Record<string, (secret: string, body: string, at?: number, id?: string) => Record<string, string>> = {
  standard: (secret, body, at = now(), id = `msg_${randomUUID()}`) => ({
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': new Webhook(secret).sign(id, new Date(at * 1000), body),
  }),
  sha256: (secret, body, _at, id = randomUUID()) => ({
    'x-hub-signature-256': `sha256=${hex(secret, body)}`,
    'x-github-delivery': id,
  }),
  shopify: (secret, body, _at, id = randomUUID()) => ({
    'x-shopify-hmac-sha256': createHmac('sha256', secret).update(body).digest('base64'),
    'x-shopify-webhook-id': id,
  }),
  stripe: (secret, body, at = now()) => ({ 'stripe-signature': `t=${at},v0=abc,v1=${hex(secret, `${at}.${body}`)}` }),
  slack: (secret, body, at = now()) => ({
    'x-slack-request-timestamp': String(at),
    'x-slack-signature': `v0=${hex(secret, `v0:${at}:${body}`)}`,
  }),
};
const timed = ['standard', 'stripe', 'slack'];

describe.each(Object.entries(senders))('the scheme %s', (scheme, sign) => {
  test('a signed delivery starts a run and leaves a delivery', async () => {
    const { id, url, secret, workflow } = await hookOf(scheme);
    const body = '{"order": 7}';
    const answered = await send(url, body, sign(secret, body));
    expect(answered.status, answered.text).toBe(202);
    const left = await delivery(answered.body.delivery_id);
    expect(left).toMatchObject({
      outcome: 'accepted',
      trigger: 'webhook',
      trigger_id: id,
      workflow_id: workflow,
      size: body.length,
    });
    const run = await api.ended(left.run_id);
    expect(run).toMatchObject({ trigger: 'webhook', status: 'succeeded', inputs: { order: 7 }, stage: 'Published' });
    expect(run).toMatchObject({ trigger_id: id, actor: { kind: 'trigger', id, name: scheme } });
  });

  test('another secret, another body, or no signature is refused with a delivery', async () => {
    const { url, secret } = await hookOf(scheme);
    const body = '{"order":7}';
    const wrong = [sign(`${secret.slice(0, -4)}AAAA`, body), sign(secret, '{"order":8}'), {}];
    for (const headers of wrong) {
      const answered = await send(url, body, headers);
      expectRefusal(answered, 401, /delivery_id/);
      expect(await refusedDelivery(answered)).toMatchObject({ outcome: 'rejected', run_id: null });
    }
  });

  test('the same delivery twice starts one run', async () => {
    const { url, secret } = await hookOf(scheme);
    const body = JSON.stringify({ id: 'evt_1', event_id: 'Ev1' });
    const first = await send(url, body, sign(secret, body, now() - 10, 'same'));
    const again = await send(url, body, sign(secret, body, now(), 'same'));
    expect([first.body.outcome, again.body.outcome]).toEqual(['accepted', 'duplicate']);
    const [one, two] = [await delivery(first.body.delivery_id), await delivery(again.body.delivery_id)];
    expect(two.run_id).toBe(one.run_id);
    expect(two.id).not.toBe(one.id);
  });

  test('the curl of the answer is let in as it is', async () => {
    const { curl } = await hookOf(scheme);
    const { stdout } = await shell('sh', ['-c', `${curl} -s`]);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'accepted' });
  });

  test('two secrets are valid at once, until the older one is not', async () => {
    const { url, secret, path } = await hookOf(scheme);
    const sendSigned = async (with_: string) => (await send(url, '{}', sign(with_, '{}'))).status;
    const second = await api.post(`${path}/rotate`, {});
    expect(second.status).toBe(200);
    expect(second.body.url).toBe(url);
    expect([await sendSigned(secret), await sendSigned(second.body.secret)]).toEqual([202, 202]);
    const third = await api.post(`${path}/rotate`, { keep_hours: 0 });
    expect([await sendSigned(secret), await sendSigned(second.body.secret), await sendSigned(third.body.secret)]).toEqual([
      401, 401, 202,
    ]);
  });
});

test.each(timed)('%s: a timestamp more than five minutes away is refused, although its signature fits', async (scheme) => {
  const { url, secret } = await hookOf(scheme);
  const sendAt = (at: number) => send(url, '{}', senders[scheme]?.(secret, '{}', at));
  for (const at of [now() - 310, now() + 310]) {
    const answered = await sendAt(at);
    expectRefusal(answered, 401);
    expect((await refusedDelivery(answered)).reason).toMatch(/five minutes/);
  }
  expect((await sendAt(now() - 290)).status).toBe(202);
});

test('a header, a prefix and an encoding of the sender’s own', async () => {
  const { url, secret } = await hookOf('sha256', {
    header: 'X-Signature',
    prefix: '',
    encoding: 'base64',
    delivery_header: 'X-Id',
  });
  const headers = { 'x-signature': createHmac('sha256', secret).update('{}').digest('base64'), 'x-id': 'one' };
  expect((await send(url, '{}', headers)).body.outcome).toBe('accepted');
  expect((await send(url, '{}', headers)).body.outcome).toBe('duplicate');
  expect((await send(url, '{}', { ...headers, 'x-id': 'two' })).body.outcome).toBe('accepted');
});

test('without a name for the delivery, the body is what makes it the same', async () => {
  const { url, secret } = await hookOf('sha256');
  const sendBody = async (body: string) =>
    (await send(url, body, { 'x-hub-signature-256': `sha256=${hex(secret, body)}` })).body.outcome;
  expect([await sendBody('{"a":1}'), await sendBody('{"a":1}'), await sendBody('{"a":2}')]).toEqual([
    'accepted',
    'duplicate',
    'accepted',
  ]);
});

describe('a request that nothing names', () => {
  const unnamed = (secret: string, body: string) => ({ 'x-hub-signature-256': `sha256=${hex(secret, body)}` });

  test('says of which run it is the same body, and since when', async () => {
    const { url, secret } = await hookOf('sha256');
    const sendBody = async () => delivery((await send(url, '{"a":1}', unnamed(secret, '{"a":1}'))).body.delivery_id);
    const first = await sendBody();
    const again = await sendBody();
    expect([first.reason, again.run_id]).toEqual([null, first.run_id]);
    expect(again.reason).toMatch(new RegExp(`^The same body as run ${first.run_id} \\d+ seconds? ago.+dedupe_window`));
  });

  test('is never a duplicate when the window is 0s, which PATCH sets and takes back', async () => {
    const { url, secret, path, dedupe_window } = await hookOf('sha256', { dedupe_window: '0s' });
    const sendBody = async () => (await send(url, '{}', unnamed(secret, '{}'))).body.outcome;
    expect([dedupe_window, await sendBody(), await sendBody()]).toEqual(['0s', 'accepted', 'accepted']);
    expect((await api.call('PATCH', path, { body: { dedupe_window: '10m' } })).body.dedupe_window).toBe('10m');
    expect([await sendBody(), await sendBody()]).toEqual(['accepted', 'duplicate']);
  });

  test('has five minutes unless its webhook says so, and thirty days at most', async () => {
    const workflow = await api.publish(ECHO);
    expect((await hookOf('sha256', {}, workflow)).dedupe_window).toBe('5m');
    for (const dedupe_window of ['31d', '5', '-5m', 'long', '']) {
      const body = { name: 'x', scheme: 'sha256', dedupe_window };
      const refused = await api.post(`/v1/workflows/${workflow}/webhooks`, body);
      expectRefusal(refused, 400, /dedupe_window/);
      expect(refused.text).toMatch(/30d at most/);
    }
  });

  test('starts one run when it is redelivered beside what was sent again', async () => {
    const { url, secret, workflow } = await hookOf('sha256');
    const turn = (enabled: boolean) => api.call('PATCH', `/v1/workflows/${workflow}`, { body: { enabled } });
    await turn(false);
    const { id } = await refusedDelivery(await send(url, '{}', unnamed(secret, '{}')));
    await turn(true);
    const sentAgain = await delivery((await send(url, '{}', unnamed(secret, '{}'))).body.delivery_id);
    expect(sentAgain.outcome).toBe('accepted');
    expect((await api.post(`/v1/deliveries/${id}/redeliver`, {})).body).toMatchObject({
      outcome: 'duplicate',
      run_id: sentAgain.run_id,
    });
  });

  test('starts one run once its secret is right, though it was sent with the wrong one twice', async () => {
    const { url, path } = await hookOf('sha256');
    const refusals = [];
    for (let n = 0; n < 2; n += 1) refusals.push(await refusedDelivery(await send(url, '{}', unnamed('the right one', '{}'))));
    await api.post(`${path}/rotate`, { secret: 'the right one' });
    const redelivered = [];
    for (const { id } of refusals) redelivered.push((await api.post(`/v1/deliveries/${id}/redeliver`, {})).body.outcome);
    expect(redelivered).toEqual(['accepted', 'duplicate']);
  });
});

test('the same name for another body starts nothing', async () => {
  const { url, secret } = await hookOf('sha256');
  const sendBody = (body: string) => send(url, body, senders['sha256']?.(secret, body, 0, 'same'));
  await sendBody('{"a":1}');
  const other = await sendBody('{"a":2}');
  expectRefusal(other, 409, /run_id/);
  expect((await refusedDelivery(other)).outcome).toBe('rejected');
});

test('what is signed are the bytes: any content type, any bytes', async () => {
  const { url, secret } = await hookOf('sha256', {
    mapping: '{"length": $length($string(body)), "type": headers."content-type"}',
  });
  for (const [type, body] of [
    ['application/x-www-form-urlencoded', Buffer.from('a=1&b=%20')],
    ['text/plain; charset=utf-8', Buffer.from('grüße')],
    ['application/octet-stream', Buffer.from([0, 255, 254, 128, 10])],
    ['application/vnd.api+json', Buffer.from(' {"a" : 1}\n')],
  ] as const) {
    const answered = await send(url, body, { 'content-type': type, 'x-hub-signature-256': `sha256=${hex(secret, body)}` });
    expect(answered.status, `${type} ${answered.text}`).toBe(202);
  }
});

describe('a form', () => {
  const form = async (scheme: string, body: string, more: object = {}) => {
    const { url, secret } = await hookOf(scheme, more);
    const answered = await send(url, body, {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      ...senders[scheme]?.(secret, body),
    });
    return answered.status === 202
      ? (await api.ended((await delivery(answered.body.delivery_id)).run_id)).inputs
      : [answered.status, answered.body.message];
  };

  test('loses no value: a field that comes more than once is a list', async () => {
    expect(await form('none', 'order=4711&tag=a&tag=b&note=')).toEqual({ order: '4711', tag: ['a', 'b'], note: '' });
  });

  test.each(['sha256', 'slack'])('of %s that wraps its JSON in the field payload is that JSON', async (scheme) => {
    const payload = encodeURIComponent('{"action":"opened","id":8202522731445525542,"title":"a & b"}');
    expect(JSON.stringify(await form(scheme, `payload=${payload}`))).toBe(
      '{"action":"opened","id":8202522731445525542,"title":"a & b"}',
    );
    expect(await form(scheme, `payload=${payload}`, { mapping: '{"what": body.action}' })).toEqual({ what: 'opened' });
    expect(await form(scheme, 'command=%2Fdeploy&text=now')).toEqual({ command: '/deploy', text: 'now' });
    expect(await form(scheme, 'payload=%7B')).toEqual([
      400,
      expect.stringContaining('The field "payload" of the form is not JSON'),
    ]);
  });

  test('of any other sender keeps its field payload as it came', async () => {
    expect(await form('none', 'payload=%7B%7D')).toEqual({ payload: '{}' });
  });
});

describe('none', () => {
  test('lets in who knows the URL, with a warning', async () => {
    const hook = await hookOf('none');
    expect(hook).toMatchObject({ secret: null, warning: expect.stringContaining('Nothing is signed') });
    expect(new URL(hook.url).pathname.split('/').at(-1)?.length).toBeGreaterThanOrEqual(43);
    expect((await send(hook.url, '{}')).status).toBe(202);
    expect((await api.get(hook.path)).body.url).toBeNull();
  });

  test('a rotated URL replaces the one before, at once if asked', async () => {
    const hook = await hookOf('none');
    const next = await api.post(`${hook.path}/rotate`, { keep_hours: 0 });
    expect((await send(hook.url, '{}')).status).toBe(404);
    expect((await send(next.body.url, '{}')).status).toBe(202);
  });
});

describe('beside a webhook', () => {
  test('a wrong token, a wrong id and a deleted webhook are the same nothing', async () => {
    const { id, url, secret, path } = await hookOf('sha256');
    const headers = senders['sha256']?.(secret, '{}') ?? {};
    expectRefusal(await send(`${url}x`, '{}', headers), 404);
    expectRefusal(await send(url.replace(id, '01ARZ3NDEKTSV4RRFFQ69G5FAV'), '{}', headers), 404);
    expect((await api.call('DELETE', path)).status).toBe(204);
    expectRefusal(await send(url, '{}', headers), 404);
  });

  test('a body above the limit is refused with a delivery that keeps none of it', async () => {
    const { url, secret } = await hookOf('sha256');
    const body = Buffer.alloc(4 * 1024 * 1024 + 1, 'a');
    const answered = await send(url, body, {
      'content-type': 'text/plain',
      'x-hub-signature-256': `sha256=${hex(secret, body)}`,
    });
    expectRefusal(answered, 413);
    expect(await refusedDelivery(answered)).toMatchObject({ outcome: 'rejected', size: body.length, payload: null });
  });

  test('JSON that is none, and a mapping that gives no inputs, are refused with a delivery', async () => {
    const plain = await hookOf('sha256');
    expectRefusal(await send(plain.url, '{"a":', senders['sha256']?.(plain.secret, '{"a":')), 400, /delivery_id/);
    const list = await hookOf('sha256', { mapping: '[1, 2]' });
    const answered = await send(list.url, '{}', senders['sha256']?.(list.secret, '{}'));
    expectRefusal(answered, 400, /mapping/);
    expect((await refusedDelivery(answered)).reason).toMatch(/mapping/);
  });

  test.each(['{"order":{"total":1e999}}', '{"order":{"total":-1e999}}'])(
    'a number that would be stored as null is refused by its name: %s',
    async (body) => {
      const { url, secret } = await hookOf('sha256');
      expectRefusal(await send(url, body, senders['sha256']?.(secret, body)), 400, /order\.total/);
    },
  );

  test('a mapping without end ends within its second', async () => {
    const { url, secret } = await hookOf('sha256', { mapping: '($f := function($n) { $f($n + 1) }; $f(0))' });
    expectRefusal(await send(url, '{}', senders['sha256']?.(secret, '{}')), 400, /mapping/);
  });

  test('a webhook that is turned off, and a workflow that is', async () => {
    const { url, secret, path, workflow } = await hookOf('sha256');
    await api.call('PATCH', path, { body: { enabled: false } });
    expectRefusal(await send(url, '{}', senders['sha256']?.(secret, '{}')), 409);
    await api.call('PATCH', path, { body: { enabled: true } });
    await api.call('PATCH', `/v1/workflows/${workflow}`, { body: { enabled: false } });
    expectRefusal(await send(url, '{}', senders['sha256']?.(secret, '{}')), 409);
  });
});

describe('challenges', () => {
  test('Meta and others ask with GET', async () => {
    const { url } = await hookOf('sha256');
    const meta = await api.get(`${new URL(url).pathname}?hub.mode=subscribe&hub.challenge=1158201444`, { key: null });
    expect([meta.status, meta.text, meta.headers.get('content-type')]).toEqual([200, '1158201444', 'text/plain']);
    expectRefusal(await api.get(new URL(url).pathname, { key: null }), 400);
    expectRefusal(await api.get(`${new URL(url).pathname}x?challenge=1`, { key: null }), 404);
  });

  test('Slack asks with a signed POST, and nobody else is answered', async () => {
    const { url, secret } = await hookOf('slack');
    const body = '{"type":"url_verification","challenge":"3eZbrw1aB"}';
    expect((await send(url, body, senders['slack']?.(secret, body))).text).toBe('3eZbrw1aB');
    expectRefusal(await send(url, body, senders['slack']?.('another-secret', body)), 401);
  });
});

describe('the mapping', () => {
  test('makes inputs of body, headers and query', async () => {
    const mapping = '{"id": body.data.id, "event": headers."x-github-event", "env": query.env}';
    const { url, secret } = await hookOf('sha256', { mapping });
    const body = '{"data":{"id":"a1"}}';
    const answered = await send(`${url}?env=test`, body, { 'x-github-event': 'push', ...senders['sha256']?.(secret, body) });
    const run = await api.ended((await delivery(answered.body.delivery_id)).run_id);
    expect(run.inputs).toEqual({ id: 'a1', event: 'push', env: 'test' });
  });

  test('that does not parse is refused with its place', async () => {
    const id = await api.publish(ECHO);
    const body = { name: 'x', scheme: 'stripe', mapping: '{"a": body.}' };
    expectRefusal(await api.post(`/v1/workflows/${id}/webhooks`, body), 400, /mapping/);
  });
});

describe('the condition', () => {
  const isOrder = { if: "headers.'x-github-event' != 'ping'" };
  const ORDERS = `${ECHO}input:\n  type: object\n  required: [order]\n  additionalProperties: false\n  properties: { order: { type: integer } }\n`;
  const sendEvent = ({ url, secret }: { url: string; secret: string }, event: string, body: string) =>
    send(url, body, { 'x-github-event': event, ...senders['sha256']?.(secret, body) });

  test('skips GitHub’s ping with 202, which the workflow would have refused, and starts what meets it', async () => {
    const hook = await hookOf('sha256', isOrder, await api.publish(ORDERS));
    const ping = await sendEvent(hook, 'ping', '{"zen":"Design for failure."}');
    expect([ping.status, ping.body.outcome]).toEqual([202, 'skipped']);
    expect(await delivery(ping.body.delivery_id)).toMatchObject({
      outcome: 'skipped',
      reason: "The webhook's condition was false.",
      run_id: null,
    });
    const order = await sendEvent(hook, 'order', '{"order":1}');
    expect([order.status, order.body.outcome]).toEqual([202, 'accepted']);
    expectRefusal(await sendEvent(hook, 'order', '{"zen":"x"}'), 400);
  });

  test.each<[string, string, [number, string | undefined]]>([
    ['body.total > 10', '{"total":11}', [202, 'accepted']],
    ['body.total > 10', '{"total":1}', [202, 'skipped']],
    ['body.none', '{}', [202, 'skipped']],
    ["query.kind = 'order'", '{}', [202, 'accepted']],
    ['body.total', '{"total":11}', [400, undefined]],
    ['$number("x")', '{}', [400, undefined]],
  ])('%s of %s', async (condition, body, expected) => {
    const hook = await hookOf('sha256', { if: condition });
    const answered = await sendEvent({ ...hook, url: `${hook.url}?kind=order` }, 'order', body);
    expect([answered.status, answered.body.outcome]).toEqual(expected);
  });

  test('is not asked of who has not signed', async () => {
    const { url } = await hookOf('sha256', { if: 'false' });
    expectRefusal(await send(url, '{}', senders['sha256']?.('wrong', '{}')), 401);
  });

  test('that does not parse is refused; PATCH changes it, null takes it away', async () => {
    const { path, workflow, ...hook } = await hookOf('sha256', { if: 'false' });
    expectRefusal(await api.call('PATCH', path, { body: { if: 'body.' } }), 400, /if/);
    expect((await api.call('PATCH', path, { body: { name: 'renamed' } })).body).toMatchObject({ if: 'false' });
    expect((await api.call('PATCH', path, { body: { if: null } })).body).toMatchObject({ if: null });
    expect((await sendEvent(hook as never, 'x', '{}')).body.outcome).toBe('accepted');
  });
});

describe('redelivery', () => {
  test('a delivery that was rejected starts its run once the cause is mended, and once only', async () => {
    const { url, secret, path } = await hookOf('stripe', { enabled: false });
    const body = '{"id":"evt_9","n":1}';
    const answered = await send(url, body, senders['stripe']?.(secret, body));
    const { id } = await refusedDelivery(answered);

    const still = await api.post(`/v1/deliveries/${id}/redeliver`, {});
    expect(still.body).toMatchObject({ outcome: 'rejected', redeliveries: 1 });
    await api.call('PATCH', path, { body: { enabled: true } });
    const mended = await api.post(`/v1/deliveries/${id}/redeliver`, {});
    expect(mended.body).toMatchObject({ id, outcome: 'accepted', reason: null, redeliveries: 2 });
    expect((await api.ended(mended.body.run_id)).inputs).toEqual({ id: 'evt_9', n: 1 });
    expectRefusal(await api.post(`/v1/deliveries/${id}/redeliver`, {}), 409, /outcome/);
    expect((await send(url, body, senders['stripe']?.(secret, body))).body.outcome).toBe('duplicate');
  });

  test('does not let a forged delivery in', async () => {
    const { url } = await hookOf('stripe');
    const { id } = await refusedDelivery(await send(url, '{}', senders['stripe']?.('wrong', '{}')));
    expect((await api.post(`/v1/deliveries/${id}/redeliver`, {})).body).toMatchObject({ outcome: 'rejected', run_id: null });
  });

  test('is for operators, and for those of the workspace', async () => {
    const { url } = await hookOf('stripe');
    const { id } = await refusedDelivery(await send(url, '{}'));
    const viewer = await api.keyOf({ role: 'viewer' });
    const stranger = await api.keyOf({ workspace: 'other' });
    expectRefusal(await api.post(`/v1/deliveries/${id}/redeliver`, {}, { key: viewer }), 403);
    expectRefusal(await api.post(`/v1/deliveries/${id}/redeliver`, {}, { key: stranger }), 404);
    expectRefusal(await api.get(`/v1/deliveries/${id}`, { key: stranger }), 404);
  });
});

describe('deliveries', () => {
  test('are listed newest first, by workflow, trigger and outcome', async () => {
    const { url, secret, workflow } = await hookOf('sha256');
    for (const n of [1, 2, 3]) await send(url, `{"n":${n}}`, senders['sha256']?.(secret, `{"n":${n}}`));
    await send(url, '{}');
    const list = async (query: string) => (await api.get(`/v1/deliveries?workflow_id=${workflow}${query}`)).body;
    const { items } = await list('');
    expect(items.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['rejected', 'accepted', 'accepted', 'accepted']);
    expect((await list('&outcome=rejected')).items).toHaveLength(1);
    expect((await list('&trigger=email')).items).toEqual([]);
    const first = await list('&limit=3');
    const rest = await list(`&limit=3&continuation_token=${first.continuation_token}`);
    expect([...first.items, ...rest.items]).toEqual(items);
    expectRefusal(await api.get('/v1/deliveries?outcome=lost'), 400, /outcome/);
  });
});

describe('its keeper', () => {
  test('sees no secret again, changes and lists', async () => {
    const { path, id, url, secret, workflow } = await hookOf('standard');
    const changed = await api.call('PATCH', path, { body: { name: 'renamed', mapping: 'body' } });
    expect(changed.body).toMatchObject({ id, name: 'renamed', mapping: 'body', url });
    expect((await api.call('PATCH', path, { body: { mapping: null } })).body.mapping).toBeNull();
    const { body, text } = await api.get(`/v1/workflows/${workflow}/webhooks`);
    expect(body.items.map((one: { id: string }) => one.id)).toEqual([id]);
    expect(text).not.toContain(secret);
  });

  test('brings the secret of a sender that has chosen it', async () => {
    const id = await api.publish(ECHO);
    const hook = await hookOf('slack', { secret: '8f742231b10e8888abcd99yyyzzz85a5' }, id);
    expect((await send(hook.url, '{}', senders['slack']?.('8f742231b10e8888abcd99yyyzzz85a5', '{}'))).status).toBe(202);
    for (const body of [
      { name: 'x', scheme: 'standard', secret: 'whsec_short' },
      { name: 'x', scheme: 'none', secret: 'guessable-secret' },
    ])
      expectRefusal(await api.post(`/v1/workflows/${id}/webhooks`, body), 400, /secret/);
    expectRefusal(await api.post(`/v1/workflows/${id}/webhooks`, { name: 'x', scheme: 'slack', header: 'x-y' }), 400, /header/);
  });

  test('is an editor of that workspace', async () => {
    const { path, workflow } = await hookOf('slack');
    const operator = await api.keyOf({ role: 'operator' });
    const stranger = await api.keyOf({ workspace: 'other' });
    expectRefusal(await api.post(`${path}/rotate`, {}, { key: operator }), 403);
    for (const at of [path, `/v1/workflows/${workflow}/webhooks`]) expectRefusal(await api.get(at, { key: stranger }), 404);
    expectRefusal(await api.post(`${path}/rotate`, {}, { key: stranger }), 404);
  });
});
