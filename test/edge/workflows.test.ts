import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, expectRefusal, ONE_STEP, startApi, uniqueName } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const text = (name = uniqueName(), steps = ONE_STEP) => `format: 1\nname: ${name}\nsteps:\n${steps}`;
const create = (definition: unknown, project_id: unknown = 'examples') => api.post('/v1/workflows', { project_id, definition });

describe('a workflow', () => {
  test('is created with a draft, from text or from an object, and read back byte for byte', async () => {
    const source = `# a comment\n${text()}`;
    const made = await create(source);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      project_id: 'examples',
      enabled: true,
      published_version: null,
      versions: [],
      warnings: [],
    });
    expect(made.body.draft.source).toBe(source);
    expect((await api.get(`/v1/workflows/${made.body.id}`)).body).toMatchObject({ id: made.body.id, draft: { source } });

    const object = await create({ format: 1, name: uniqueName(), steps: [{ id: 'only', set: { done: true } }] });
    expect(JSON.parse(object.body.draft.source)).toMatchObject({ format: 1, steps: [{ id: 'only' }] });
  });

  test('with what its author hardly means is saved and published with a warning that says where and what', async () => {
    const definition = text(uniqueName(), "  - id: only\n    set: { name: $input.name, plain: '${ 1 }' }\n");
    const warnings = [
      {
        path: 'steps.only.set.name',
        line: 5,
        column: 12,
        message: 'steps.only.set.name: is the text "$input.name"; for its value write ${ $input.name }',
      },
    ];
    const made = await create(definition);
    expect(made.body.warnings).toEqual(warnings);
    expect((await api.call('PUT', `/v1/workflows/${made.body.id}/draft`, { body: { definition } })).body.warnings).toEqual(
      warnings,
    );
    expect((await api.post(`/v1/workflows/${made.body.id}/publish`, {})).body.warnings).toEqual(warnings);
  });

  test('has versions, the newest first, each with its text', async () => {
    const name = uniqueName();
    const { body } = await create(text(name));
    const at = `/v1/workflows/${body.id}`;
    expect((await api.post(`${at}/publish`, { note: 'one' })).body).toEqual({ version: 1, warnings: [] });
    const draft = `${text(name)}# changed\n`;
    expect((await api.call('PUT', `${at}/draft`, { body: { definition: draft } })).body.draft.source).toBe(draft);
    expect((await api.get(`${at}/versions/1`)).body.source).toBe(text(name));
    expect((await api.post(`${at}/publish`, undefined)).body.version).toBe(2);
    expect((await api.get(`${at}/versions/2`)).body).toMatchObject({ version: 2, note: null, source: draft });
    const first = await api.get(`${at}/versions?limit=1`);
    expect(first.body.items).toMatchObject([{ version: 2 }]);
    const second = await api.get(`${at}/versions?limit=1&continuation_token=${first.body.continuation_token}`);
    expect(second.body.items).toMatchObject([{ version: 1, note: 'one' }]);
  });

  test('can be renamed, turned off and on again', async () => {
    const id = await api.publish(ONE_STEP);
    const patch = (body: object) => api.call('PATCH', `/v1/workflows/${id}`, { body });
    expect((await patch({ title: 'Orders \u{1f680}' })).body.title).toBe('Orders \u{1f680}');
    expect((await patch({ enabled: false })).body.enabled).toBe(false);
    expectRefusal(await api.start(id), 409);
    expect((await patch({ enabled: true })).body.enabled).toBe(true);
    expect((await api.start(id)).status).toBe(201);
  });

  test('that is deleted is gone, its runs are not, and its name is free', async () => {
    const name = uniqueName();
    const { body } = await create(text(name));
    const at = `/v1/workflows/${body.id}`;
    await api.post(`${at}/publish`, {});
    const run = (await api.start(body.id)).body;
    await api.ended(run.id);
    expect((await api.call('DELETE', at)).status).toBe(204);
    for (const path of [at, `${at}/versions`, `${at}/versions/1`]) expectRefusal(await api.get(path), 404);
    expectRefusal(await api.start(body.id), 404);
    expectRefusal(await api.call('DELETE', at), 404);
    expect((await api.get(`/v1/runs/${run.id}`)).body.status).toBe('succeeded');
    expect((await api.get(`${at}/runs`)).body.items).toMatchObject([{ id: run.id }]);
    expect((await api.get(`${at}/runs/${run.id}/events`)).status).toBe(200);
    expect((await create(text(name))).status).toBe(201);
  });

  test('list goes on behind its token, without gaps or repeats', async () => {
    const key = await api.keyOf({});
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.push(await api.publish(ONE_STEP, { project: 'pages', key }));
    const seen: string[] = [];
    let token = '';
    do {
      const { body } = await api.get(`/v1/workflows?project_id=pages&limit=2${token && `&continuation_token=${token}`}`, { key });
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      token = body.continuation_token ?? '';
      if (token) await api.publish(ONE_STEP, { project: 'pages', key });
    } while (token);
    expect(seen).toEqual(made.toReversed());
  });
});

describe('what is refused says why', () => {
  test('a name that the project has is 409', async () => {
    const name = uniqueName();
    expect((await create(text(name))).status).toBe(201);
    expectRefusal(await create(text(name)), 409, 'name');
  });

  test('of two that take a name at the same time, one gets it', async () => {
    const name = uniqueName();
    const answers = await Promise.all([1, 2, 3, 4].map(() => create(text(name))));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409]);
  });

  test('of two that publish at the same time, none makes the version of the other', async () => {
    const { body } = await create(text());
    const answers = await Promise.all([1, 2, 3].map(() => api.post(`/v1/workflows/${body.id}/publish`, {})));
    const published = answers.filter(({ status }) => status === 201).map((one) => one.body.version);
    for (const refused of answers.filter(({ status }) => status !== 201)) expectRefusal(refused, 409);
    expect(published.toSorted()).toEqual(published.map((_, index) => index + 1));
    expect((await api.get(`/v1/workflows/${body.id}/versions`)).body.items).toHaveLength(published.length);
  });

  test('a document with problems is 422 with the place of each', async () => {
    const answered = await create('format: 1\nname: Bad Name\nsteps:\n  - id: a\n    sett: {}\n  - id: a\n    set: {}\n');
    expectRefusal(answered, 422, 'name');
    expect(answered.body.details.length).toBeGreaterThan(1);
    expect(answered.body.details.length).toBeGreaterThan(0);
    for (const { value } of answered.body.details) expect(value).toMatch(/^\d+:\d+ /);
    expect(answered.text).toContain('did you mean');
  });

  test('a draft with problems leaves the draft as it was', async () => {
    const { body } = await create(text());
    expectRefusal(await api.call('PUT', `/v1/workflows/${body.id}/draft`, { body: { definition: 'steps: {}' } }), 422);
    expect((await api.get(`/v1/workflows/${body.id}`)).body.draft).toEqual(body.draft);
  });

  test.each<[string, string, string, unknown, string]>([
    ['POST', '', 'no project', { definition: 'x' }, 'project_id'],
    ['POST', '', 'a project that is no id', { project_id: 'a b', definition: 'x' }, 'project_id'],
    ['POST', '', 'a definition that is a number', { project_id: 'examples', definition: 5 }, 'definition'],
    ['POST', '', 'a definition that is empty', { project_id: 'examples', definition: '' }, 'definition'],
    ['POST', '', 'a field that nobody knows', { project_id: 'examples', definition: 'x', colour: 1 }, 'colour'],
    ['POST', '', 'a list', [], ''],
    ['PATCH', '/ID', 'a switch that is a text', { enabled: 'yes' }, 'enabled'],
    ['PATCH', '/ID', 'a NUL in a title', { title: 'a\u0000b' }, 'title'],
    ['PATCH', '/ID', 'an empty title', { title: '' }, 'title'],
    ['POST', '/ID/publish', 'a note that is too long', { note: 'x'.repeat(501) }, 'note'],
    ['GET', '/ID/versions/0', 'a version before the first', undefined, 'version'],
    ['GET', '/ID/versions/one', 'a version that is a word', undefined, 'version'],
    ['GET', '/ID/versions?limit=101', 'too many at once', undefined, 'limit'],
    ['GET', '?continuation_token=nonsense', 'a token that is none', undefined, 'continuation_token'],
    ['GET', '?project_id=a%20b', 'a project that is no id', undefined, 'project_id'],
    ['GET', '?colour=red', 'a filter that nobody knows', undefined, 'colour'],
    ['GET', `/${'a'.repeat(27)}`, 'an id that is too long', undefined, 'workflow_id'],
  ])('%s /v1/workflows%s with %s is 400', async (method, path, _, body, field) => {
    const id = (await create(text())).body.id;
    expectRefusal(await api.call(method, `/v1/workflows${path.replace('ID', id)}`, { body }), 400, field);
  });

  test.each(['GET /v1/workflows/x', 'GET /v1/workflows/x/versions', 'GET /v1/workflows/x/runs', 'DELETE /v1/workflows/x'])(
    '%s is 404',
    async (route) => {
      const [method = '', path = ''] = route.split(' ');
      expectRefusal(await api.call(method, path), 404, 'workflow');
    },
  );
});
