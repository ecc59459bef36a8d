import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { openApiDocument } from '../../shared/api/openapi.ts';
import { type OperationId, operations } from '../../shared/api/routes.ts';
import type { Operation } from '../../shared/edge/route.ts';
import { type Api, ONE_STEP, startApi } from './api.ts';
import { type Known, operationIds, samplesOf, titleOf } from './samples.ts';

let api: Api;
let known: Known;
beforeAll(async () => {
  api = await startApi();
  const workflow_id = await api.publish(ONE_STEP);
  const run_id = (await api.start(workflow_id, { a: 1 })).body.id;
  await api.ended(run_id);
  known = { workflow_id, run_id, key_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', project: 'examples' };
});
afterAll(() => api.close());

// biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document, looked into freely
type Json = any;
const document: Json = JSON.parse(JSON.stringify(openApiDocument()));
const at = (id: OperationId): Json => document.paths[operations[id].path][operations[id].method.toLowerCase()];

const resolved = (of: Json): Json => (of?.$ref ? document.components.responses[of.$ref.split('/').at(-1)] : of);

const ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: true });
addFormats.default(ajv);

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(document));
  expect(result.errors ?? []).toEqual([]);
  expect([result.valid, validator.version, document.openapi]).toEqual([true, '3.1', expect.stringMatching(/^3\.1\.\d$/)]);
});

test('it lists every route of the table and nothing else', () => {
  const listed = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(listed.toSorted()).toEqual(operationIds.map(titleOf).toSorted());
});

describe.each(operationIds.map((id) => [titleOf(id), id] as const))('%s', (_, id) => {
  const { open, params }: Operation = operations[id];

  test('says who may call it, what it takes and how it refuses', () => {
    const operation = at(id);
    expect(operation).toMatchObject({ operationId: id, summary: expect.stringMatching(/^\S.{3,}[^.]$/) });
    expect(operation.security).toEqual(open ? [] : undefined);
    const inPath = (operation.parameters ?? [])
      .filter((parameter: Json) => parameter.in === 'path')
      .map(({ name }: Json) => name);
    expect(inPath.toSorted()).toEqual(Object.keys(params?.shape ?? {}).toSorted());
    const refusals = Object.keys(operation.responses).filter((status) => Number(status) >= 400);
    if (!open) expect(refusals).toEqual(expect.arrayContaining(['400', '401', '403', '404', '429', '500']));
    if (operation.requestBody) expect(refusals).toEqual(expect.arrayContaining(['413', '415']));
    if (operations[id].method !== 'GET') expect(refusals).toContain('409');
  });
});

describe('what generators of clients make of it', () => {
  /** Every schema within a part of the document, with the way to it. */
  function* schemasIn(part: Json, path: string): Generator<[path: string, schema: Json]> {
    if (typeof part !== 'object' || part === null) return;
    yield [path, part];
    for (const [name, inner] of Object.entries(part)) yield* schemasIn(inner, `${path}/${name}`);
  }
  const schemas = [...schemasIn(document, '')];
  const bodyOf = (id: OperationId) => at(id).requestBody.content['application/json'].schema;

  test('no field has a default, since one that has is taken for one that must be given', () => {
    const preset = schemas.filter(([path, { properties }]) => {
      const fields: Json[] = path.endsWith('/properties') ? [] : Object.values(properties ?? {});
      return fields.some((field) => field?.default !== undefined);
    });
    expect(preset.map(([path]) => path)).toEqual([]);
  });

  test('a command needs no params, whichever it is', () => {
    const validate = ajv.compile({ ...bodyOf('commandWorkflow'), components: document.components });
    const run_id = known.run_id;
    const bare = [{ command: 'start' }, ...['pause', 'resume', 'stop'].map((command) => ({ command, run_id }))];
    expect(bare.map((body) => validate(body))).toEqual([true, true, true, true]);
  });

  test('it names the header that a repeated start is answered with', async () => {
    const headers = { 'idempotency-key': `key-${Date.now()}` };
    await api.start(known.workflow_id, { a: 1 }, { headers });
    const again = await api.start(known.workflow_id, { a: 1 }, { headers });
    const parameter = at('commandWorkflow').parameters.find((one: Json) => one.name === 'Idempotency-Key');
    const [, name = ''] = /the header ([\w-]+): true/.exec(JSON.stringify(parameter)) ?? [];
    expect([again.status, again.headers.get(name)]).toEqual([200, 'true']);
  });

  test('a body that may be left out is not demanded', async () => {
    const workflow = await api.publish(ONE_STEP);
    expect((await api.post(`/v1/workflows/${workflow}/publish`, undefined)).status).toBe(201);
    expect(at('publishWorkflow').requestBody.required ?? false).toBe(false);
    expect(at('createWorkflow').requestBody.required).toBe(true);
  });

  test('a dry run and a run are told apart by the field that it names', async () => {
    const group =
      "  - id: g\n    parallel:\n      left: [{ id: a, set: {} }]\n      right: [{ id: b, if: '${ $input.x }', set: {} }]\n";
    const workflow = await api.publish(group);
    const dry = await api.post(`/v1/workflows/${workflow}/command`, { command: 'start', params: { dry_run: true } });
    const { schema } = at('commandWorkflow').responses['200'].content['application/json'];
    const validate = ajv.compile({ ...schema, components: document.components });
    expect([validate(dry.body), validate.errors ?? []]).toEqual([true, []]);
    const run = (await api.start(workflow)).body;
    expect([dry.body.object, run.object]).toEqual(Object.keys(schema.discriminator.mapping).toSorted());
  });

  test('every list says of what it is', () => {
    const ofAnything = schemas.filter(([, { type, items }]) => type === 'array' && Object.keys(items ?? {}).length === 0);
    expect(ofAnything.map(([path]) => path)).toEqual([]);
  });

  test('whatever can be one of several resources has a field that tells which', () => {
    const unions = schemas.filter(([, { anyOf, oneOf }]) => {
      const named = (anyOf ?? oneOf ?? []).filter((one: Json) => one.$ref);
      return named.length > 1;
    });
    expect(unions.map(([path, { discriminator }]) => [path, discriminator?.propertyName])).toEqual([
      ['/paths//v1/workflows/{workflow_id}/command/post/requestBody/content/application/json/schema', 'command'],
      ['/paths//v1/workflows/{workflow_id}/command/post/responses/200/content/application/json/schema', 'object'],
      ['/paths//v1/jobs/post/requestBody/content/application/json/schema', 'verb'],
      ['/paths//v1/jobs/post/responses/200/content/application/json/schema', 'object'],
      ['/paths//v1/deliveries/redeliver/post/responses/200/content/application/json/schema', 'object'],
      ['/paths//v1/tasks/answer/post/responses/200/content/application/json/schema', 'object'],
      ['/components/schemas/NewConnection', 'type'],
    ]);
  });
});

describe('what is answered is what the document says', () => {
  test.each(operationIds.filter((id) => !['deleteWorkflow', 'revokeKey'].includes(id)).map((id) => [titleOf(id), id] as const))(
    '%s',
    async (_, id) => {
      for (const { method, path, body } of samplesOf(id, known)) {
        const answered = await api.call(method, path, { body });
        const response = resolved(at(id).responses[String(answered.status)]);
        expect(response, `${method} ${path} answered ${answered.status}, which is not documented`).toBeDefined();
        const type = answered.headers.get('content-type') ?? '';
        const media = response.content?.[type];
        expect(media, `${method} ${path} answered ${type}, which is not documented`).toBeDefined();
        if (!media.schema) continue;
        const validate = ajv.compile({
          ...media.schema,
          components: document.components,
        });
        expect([validate(answered.body), validate.errors ?? []]).toEqual([true, []]);
      }
    },
  );
});

describe('the open routes', () => {
  test('/openapi.json is the document', async () => {
    const answered = await api.get('/openapi.json', { key: null });
    expect([answered.status, answered.body]).toEqual([200, document]);
  });

  test('/docs is a page that names every route and holds nothing from elsewhere', async () => {
    const { status, headers, text } = await api.get('/docs', { key: null });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    for (const id of operationIds) expect(text.replaceAll('<wbr>', '')).toContain(`<code>${operations[id].path}</code>`);
    expect(text).not.toMatch(/<script|src=|https?:\/\//);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('/schemas/workflow-1.json is a JSON Schema that the examples fit', async () => {
    const { status, headers, body } = await api.get('/schemas/workflow-1.json', { key: null });
    expect([status, headers.get('content-type')]).toEqual([200, 'application/schema+json']);
    const validate = new Ajv2020({ strict: false, unicodeRegExp: true }).compile(body);
    for (const name of ['hello', 'order-intake', 'nightly-report']) {
      const example: unknown = parse(readFileSync(join(import.meta.dirname, `../../examples/${name}.yaml`), 'utf8'));
      expect([validate(example), validate.errors ?? []]).toEqual([true, []]);
    }
    expect(validate({ format: 1, name: 'x', steps: [{ id: 'a', sett: {} }] })).toBe(false);
  });
});
