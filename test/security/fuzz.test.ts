import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operations } from '../../shared/api/routes.ts';
import { type Answered, type Api, ONE_STEP, startApi } from '../edge/api.ts';
import { allSamples, type Known, NOTHING, operationIds, type Sample, samplesOf, titleOf } from '../edge/samples.ts';
import { oneOfEverything } from '../edge/things.ts';
import { howMany } from '../harness/how-many.ts';

/** Of every operation; more of them in `npm run soak`. */
const CASES = howMany('CASES', 25);

let api: Api;
let known: Known;
beforeAll(async () => {
  api = await startApi();
  known = await oneOfEverything(api);
});
afterAll(() => api.close());

const nothing: Known = { workflow_id: NOTHING, run_id: NOTHING, key_id: NOTHING, project: 'examples' };

/** How many requests were answered by 2xx, and by 4xx. */
const answers = { taken: 0, refused: 0 };
const count = ({ status }: Answered) => {
  answers[status < 400 ? 'taken' : 'refused'] += 1;
};

// The client of these tests fails by itself for 5xx and for looks inside.
function expectInShape({ status, body, headers }: Answered) {
  if (status < 400) return;
  // A page says to a person what others hear as JSON.
  if (headers.get('content-type')?.startsWith('text/html')) return;
  // 404 and 413 may be the gateway's own.
  if ('status_code' in body) expect(body).toEqual({ status_code: status, message: expect.any(String), details: body.details });
  else expect([400, 404, 413]).toContain(status);
}

const strange = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '',
    ' ',
    '0',
    '-1',
    '1e309',
    'null',
    'true',
    '__proto__',
    '../..',
    '\u0000',
    '\u{1f680}',
    '\ud800',
    '%',
    "'",
    '${1}',
    '{% 1 %}',
    'a'.repeat(5000),
    'A'.repeat(26),
  ),
  fc.integer(),
  fc.double(),
  fc.constantFrom(null, true, [], {}, [[]], { a: 1 }),
  fc.jsonValue({ maxDepth: 3 }),
);

const asText = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** What is refused before the body is looked at would hide the body. */
const seldom = (some: fc.Arbitrary<Record<string, string>>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: some });

/** A right request with something strange somewhere in its body, its query or its headers. */
const mutation = fc.record({
  body: fc.option(fc.record({ place: fc.nat(), value: strange, drop: fc.boolean() })),
  whole: fc.option(strange, { freq: 8 }),
  query: seldom(
    fc.dictionary(
      fc.constantFrom(
        'limit',
        'continuation_token',
        'after',
        'status',
        'from',
        'to',
        'stage',
        'step',
        'process_id',
        'agent_id',
        'workflow_id',
        'x',
      ),
      strange.map(asText),
      { maxKeys: 3 },
    ),
  ),
  headers: seldom(
    fc.dictionary(
      fc.constantFrom(
        'idempotency-key',
        'authorization',
        'x-forwarded-for',
        'accept-encoding',
        'cookie',
        'origin',
        'content-type',
        'x-y',
      ),
      fc.stringMatching(/^[\x21-\x7e]{0,40}$/),
      { maxKeys: 2 },
    ),
  ),
  segment: fc.option(strange.map(asText), { freq: 6 }),
});

/** Every place in a value that could hold something else. */
function places(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...at, key]))];
}

function replaced(value: unknown, [key, ...rest]: string[], by: unknown, drop: boolean): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === key ? replaced(item, rest, by, drop) : item));
  const fields = value as Record<string, unknown>;
  if (drop && rest.length === 0) return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
  return { ...fields, [key]: replaced(fields[key], rest, by, drop) };
}

function mutated(
  { method, path, body }: Sample,
  { body: change, whole, query, headers, segment }: typeof mutation extends fc.Arbitrary<infer M> ? M : never,
) {
  const [bare = '', search = ''] = path.split('?');
  const odd = segment === null ? bare : bare.replace(/\/[^/]*$/, `/${encodeURIComponent(segment.toWellFormed())}`);
  const asked = new URLSearchParams([
    ...new URLSearchParams(search),
    ...Object.entries(query).map(([name, value]): [string, string] => [name, value.toWellFormed()]),
  ]);
  const at = places(body)[(change?.place ?? 0) % places(body).length] ?? [];
  const sent =
    body === undefined || method === 'GET' || method === 'DELETE'
      ? undefined
      : whole !== null
        ? JSON.stringify(whole)
        : change
          ? replaced(body, at, change.value, change.drop)
          : body;
  return { method, path: asked.size > 0 ? `${odd}?${asked}` : odd, body: sent, headers };
}

test.each(operationIds.map((id) => [titleOf(id), id] as const))(
  'whatever is sent to %s, the answer is no fault of ours',
  { timeout: 60_000 + CASES * 200 },
  async (_, id) => {
    // What is there is not deleted, or nothing would be left to ask for.
    const [first, ...more] = samplesOf(id, operations[id].method === 'DELETE' ? nothing : known);
    const samples = fc.constantFrom(first, ...more);
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(samples, mutation, async (sample, change) => {
        const { method, path, ...ask } = mutated(sample, change);
        const answered = await api.call(method, path, ask);
        expectInShape(answered);
        asked += 1;
        count(answered);
      }),
      { numRuns: CASES },
    );
    expect(asked).toBe(CASES);
  },
);

test('whatever is sent anywhere, the answer is no fault of ours', { timeout: 60_000 + CASES * 200 }, async () => {
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'PROPFIND');
  const segment = fc.oneof(
    fc.constantFrom('v1', 'v2', 'runs', 'workflows', 'api-keys', 'docs', '..', '.', '', '{run_id}', '*'),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  await fc.assert(
    fc.asyncProperty(
      method,
      fc.array(segment, { maxLength: 5 }),
      fc.option(fc.string({ unit: 'binary', maxLength: 200 })),
      async (verb, segments, body) => {
        const path = `/${segments.map((one) => encodeURIComponent(one.toWellFormed())).join('/')}`;
        const carries = body !== null && verb !== 'GET' && verb !== 'HEAD';
        count(await api.call(verb, path, carries ? { body } : {}));
      },
    ),
    { numRuns: CASES * 6 },
  );
});

test('requests were taken as well as refused', () => {
  expect(answers.taken + answers.refused).toBe(CASES * (operationIds.length + 6));
  expect(Math.min(answers.taken, answers.refused)).toBeGreaterThan(CASES * 4);
});

test('after all that everything is there and works', async () => {
  expect((await api.get('/v2/health')).body).toEqual({ status: 'ok' });
  expect((await api.get(`/v1/runs/${known.run_id}`)).body.id).toBe(known.run_id);
  const { body } = await api.start(await api.publish(ONE_STEP));
  expect((await api.ended(body.id)).status).toBe('succeeded');
  expect(allSamples(known).length).toBeGreaterThanOrEqual(operationIds.length);
});
