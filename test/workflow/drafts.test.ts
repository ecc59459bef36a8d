import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, type Ask, expectRefusal, startApi, uniqueName } from '../edge/api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const text = (name: string, n: number) => `format: 1\nname: ${name}\nsteps:\n  - { id: a, set: { n: ${n} } }\n`;

async function drafted() {
  const name = uniqueName();
  const { body, headers } = await api.post('/v1/workflows', { project_id: 'examples', definition: text(name, 0) });
  const put = (n: number, tag?: string, ask: Ask = {}) =>
    api.call('PUT', `/v1/workflows/${body.id}/draft`, {
      ...ask,
      body: { definition: text(name, n) },
      ...(tag !== undefined && { headers: { 'if-match': tag } }),
    });
  return { id: body.id as string, name, tag: headers.get('etag') ?? '', hash: body.draft.definition as string, put };
}

describe('a draft with If-Match', () => {
  test('is saved while the one that was read still stands; every answer has the next tag', async () => {
    const { id, tag, hash, put } = await drafted();
    expect(tag).toBe(`"${hash}"`);
    const saved = await put(1, tag);
    expect([saved.status, saved.headers.get('etag')]).toEqual([200, `"${saved.body.draft.definition}"`]);
    const read = await api.get(`/v1/workflows/${id}`);
    expect(read.headers.get('etag')).toBe(saved.headers.get('etag'));
    expect((await put(2, `"other", ${read.headers.get('etag')}`)).status).toBe(200);
    expect((await put(3, '*')).status).toBe(200);
    expect((await put(4)).status).toBe(200);
    const changed = await api.call('PATCH', `/v1/workflows/${id}`, { body: { title: 'Another' } });
    expect(changed.headers.get('etag')).toBe(`"${changed.body.draft.definition}"`);
  });

  test('is refused with all texts once somebody else has saved', async () => {
    const { name, tag, hash, put } = await drafted();
    await put(1, tag);
    const late = await put(2, tag);
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({
      status_code: 409,
      message: expect.stringContaining('was saved at'),
      given: text(name, 2),
      current: { source: text(name, 1), saved_by: { name: 'first key' } },
      base: { definition: hash, source: text(name, 0) },
    });
    expect(late.headers.get('etag')).toBe(`"${late.body.current.definition}"`);
    expect((await put(2, late.headers.get('etag') ?? '')).status).toBe(200);
  });

  test('that says what stands there already is no conflict: the answer to it was lost', async () => {
    const { tag, put } = await drafted();
    await put(1, tag);
    expect((await put(1, tag)).status).toBe(200);
  });

  test('of ten who save at once on top of the same, one has saved and nine see its text', async () => {
    const { id, name, tag, put } = await drafted();
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => put(n + 1, tag)));
    const { source } = (await api.get(`/v1/workflows/${id}`)).body.draft;
    const won = answers.flatMap(({ status }, n) => (status === 200 ? [text(name, n + 1)] : []));
    expect(won).toEqual([source]);
    for (const { status, body } of answers) if (status !== 200) expect([status, body.current.source]).toEqual([409, source]);
  });

  test('of an unknown text is refused without a base; a tag that is none is named', async () => {
    const { put } = await drafted();
    const unknown = await put(1, '"nobody-knows-it"');
    expect([unknown.status, Object.keys(unknown.body)]).toEqual([409, ['status_code', 'message', 'details', 'given', 'current']]);
    expectRefusal(await put(1, 'W/"weak"'), 400, 'if-match');
  });

  test('that has problems is told so, whoever has saved', async () => {
    const { id, tag } = await drafted();
    const wrong = { body: { definition: 'format: 1' }, headers: { 'if-match': tag } };
    expectRefusal(await api.call('PUT', `/v1/workflows/${id}/draft`, wrong), 422);
  });

  test('of the largest size is answered with its texts', async () => {
    const { id, tag, put } = await drafted();
    await put(1, tag);
    const large = `${text(uniqueName(), 2)}# ${'x'.repeat(250 * 1024)}\n`;
    const late = await api.call('PUT', `/v1/workflows/${id}/draft`, {
      body: { definition: large },
      headers: { 'if-match': tag },
    });
    expect([late.status, late.body.given.length]).toEqual([409, large.length]);
  });

  test('of others is not found, whatever it names', async () => {
    const { tag, put } = await drafted();
    expectRefusal(await put(1, tag, { key: await api.keyOf({ project: 'elsewhere' }) }), 404);
    expectRefusal(await put(1, '"x"', { key: await api.keyOf({ role: 'operator' }) }), 403);
  });
});

describe('workflows with some words', () => {
  const made = new Map<string, string>();
  const marker = uniqueName();
  beforeAll(async () => {
    for (const [name, more] of [
      [`${marker}-orders`, ''],
      [`${marker}-bills`, 'title: Invoices of Acmé\n'],
      [`${marker}-other`, 'description: reads ORDERS of the day\n'],
    ] as const) {
      const definition = `format: 1\nname: ${name}\n${more}steps:\n  - { id: a, set: { n: 1 } }\n`;
      made.set(name, (await api.post('/v1/workflows', { project_id: 'examples', definition })).body.id);
    }
  });
  const names = async (query: string) => {
    const { body } = await api.get(`/v1/workflows?${query}`);
    return body.items.map(({ name }: { name: string }) => name.replace(`${marker}-`, '')).toSorted();
  };

  test('are found by name, title, description and id, in any case', async () => {
    expect(await names(`q=${marker}`)).toEqual(['bills', 'orders', 'other']);
    expect(await names('q=orders')).toEqual(['orders', 'other']);
    expect(await names('q=ACM%C3%89')).toEqual(['bills']);
    expect(await names(`q=${made.get(`${marker}-bills`)?.toLowerCase()}`)).toEqual(['bills']);
    expect(await names('q=nobody+has+it')).toEqual([]);
    expect(await names(`q=${marker}&project_id=examples`)).toEqual(['bills', 'orders', 'other']);
  });

  test('come page by page, and pages say how far they have looked', async () => {
    const seen: string[] = [];
    for (let token = ''; ; ) {
      const { body } = await api.get(`/v1/workflows?q=${marker}&limit=1${token}`);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      if (body.continuation_token === null) {
        expect(body.searched_to).toBeNull();
        break;
      }
      expect(Date.parse(body.searched_to)).toBeGreaterThan(0);
      token = `&continuation_token=${body.continuation_token}`;
    }
    expect(seen.toSorted()).toEqual([...made.values()].toSorted());
    const { body } = await api.get(`/v1/workflows?q=${marker}&limit=1`);
    expectRefusal(
      await api.get(`/v1/workflows?limit=1&continuation_token=${body.continuation_token}`),
      400,
      'continuation_token',
    );
    expect((await api.get('/v1/workflows?limit=1')).body.searched_to).toBeNull();
  });

  test('of others are not among them', async () => {
    const key = await api.keyOf({ workspace: 'strangers' });
    expect((await api.get(`/v1/workflows?q=${marker}`, { key })).body.items).toEqual([]);
    for (const q of ['', 'x'.repeat(201), '%00']) expectRefusal(await api.get(`/v1/workflows?q=${q}`), 400, 'q');
  });
});
