import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Client } from '../../client/client.ts';
import { connectSamples } from '../../local/demo.ts';
import { documents, refused } from '../docs/workflow-examples.ts';
import { type Api, startApi } from '../edge/api.ts';
import { API_KEY } from '../harness/millrun-process.ts';

const folder = join(import.meta.dirname, '../../examples');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

/** Those that mails start are in by-mail.test.ts. */
const isStarted = (file: string) => read(file).includes('"command": "start"');

/** The body of the request that the header of an example shows. */
function requestIn(text: string) {
  const header = text.slice(0, text.search(/^format:/m)).replaceAll(/^# ?/gm, '');
  return JSON.parse(/-d '([^']+)'/.exec(header)?.[1] ?? '');
}

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await connectSamples(new Client({ url: api.url, apiKey: API_KEY }), `${api.cloud.cloudUrl}/_sample`);
});
afterAll(() => api?.close());

describe.each(files)('%s', (file) => {
  const definition = read(file);
  let run: Awaited<ReturnType<Api['ended']>>;

  test('is saved and published without a warning', async () => {
    const saved = await api.post('/v1/workflows', { project_id: 'examples', definition });
    expect(saved, saved.text).toMatchObject({ status: 201, body: { warnings: [] } });
    const published = await api.post(`/v1/workflows/${saved.body.id}/publish`, {});
    expect(published, published.text).toMatchObject({ status: 201, body: { version: 1, warnings: [] } });
  });

  test.runIf(isStarted(file))('succeeds with the request that its header shows', async () => {
    const { items } = (await api.get('/v1/workflows?project_id=examples')).body;
    const { id } = items.find(({ name }: { name: string }) => `${name}.yaml` === file);
    const request = requestIn(definition);
    const services = `${api.cloud.cloudUrl}/_sample`;
    request.params.inputs = { ...request.params.inputs, services };
    const started = await api.post(`/v1/workflows/${id}/command`, request);
    expect(started.status, started.text).toBe(201);
    run = await api.ended(started.body.id);
    expect(run).toMatchObject({ status: 'succeeded', error: null });
  });

  test.runIf(isStarted(file))('gives every output that it names', () => {
    expect(Object.keys(run.outputs)).toEqual(Object.keys(parse(definition).output));
    expect(Object.values(run.outputs)).not.toContain(null);
  });

  if (file === 'order-intake.yaml')
    test('shows a retry in its log', async () => {
      const { body } = await api.get(`/v1/runs/${run.id}/events?limit=1000`);
      const retrying = body.items.filter(({ type }: { type: string }) => type === 'step_retrying');
      expect(retrying).toEqual([expect.objectContaining({ step: 'reserve', attempt: 1 })]);
    });
});

describe('the schema that editors read', () => {
  let fits: (text: string) => unknown;
  beforeAll(async () => {
    const { body, headers } = await api.get('/schemas/workflow-1.json', { key: null });
    expect(headers.get('content-type')).toContain('application/schema+json');
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(body);
    fits = (text) => validate(parse(text)) || validate.errors;
  });

  test.each(files)('takes examples/%s', (file) => {
    expect(fits(read(file))).toBe(true);
  });

  const right = documents.filter((text) => !refused.some(({ definition }) => definition === text));
  test.each(right.map((text) => [parse(text).name, text]))('takes %s of docs/workflow-format.md', (_, text) => {
    expect(fits(text)).toBe(true);
  });

  test('refuses the document with mistakes', () => {
    for (const { definition } of refused) expect(fits(definition)).not.toBe(true);
  });
});
