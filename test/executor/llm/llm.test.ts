import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi, uniqueName } from '../../edge/api.ts';
import { Listener } from '../../harness/listener.ts';
import { aModel } from './models.ts';

let api: Api;
let model: Awaited<ReturnType<typeof aModel>>;
const connections: Record<string, string> = {};
/** What an answer costs that nobody hears while it comes. */
const unheard: Record<string, number> = {};
beforeAll(async () => {
  [api, model] = await Promise.all([startApi(), aModel()]);
  connections['openai'] = await connect('openai', { base_url: model.url, model: 'stand-in' }, { api_key: 'sk-SECRET' });
  connections['anthropic'] = await connect('anthropic', { base_url: model.url, model: 'stand-in' }, { api_key: 'sk-SECRET' });
});
afterAll(async () => {
  await api.close();
  model.close();
});

async function connect(type: string, settings: object, secret: object): Promise<string> {
  const made = await api.post('/v1/connections', { project_id: 'examples', name: uniqueName(), type, settings, secret });
  expect(made.status, made.text).toBe(201);
  return made.body.name;
}

async function started(spec: object, { inputs = {}, files = [] as string[], more = {}, top = {} } = {}) {
  const connection = String(Object(spec).connection);
  const definition = {
    format: 1,
    name: uniqueName(),
    connections: [connection],
    steps: [{ id: 'ask', llm: spec, ...more }],
    output: { answer: '${ $steps.ask }' },
    ...top,
  };
  const made = await api.post('/v1/workflows', { project_id: 'examples', definition });
  expect(made.status, made.text).toBe(201);
  const published = await api.post(`/v1/workflows/${made.body.id}/publish`, {});
  expect(published.status, published.text).toBe(201);
  const params = { inputs, ...(files.length > 0 && { file_ids: files }) };
  const run = await api.post(`/v1/workflows/${made.body.id}/command`, { command: 'start', params });
  expect(run.status, run.text).toBe(201);
  return run.body.id as string;
}

async function asked(spec: object, more: Parameters<typeof started>[1] = {}) {
  const id = await started(spec, more);
  return (await api.get(`/v1/runs/${id}?wait=20`)).body;
}

const vendor = {
  type: 'object',
  required: ['vendor', 'total'],
  properties: { vendor: { type: 'string' }, total: { type: 'number' } },
  additionalProperties: false,
};

describe.each(['openai', 'anthropic'])('a model of type %s', (type) => {
  const ask = (spec: object, more?: Parameters<typeof started>[1]) =>
    asked({ connection: connections[type], prompt: 'Who sent it?', ...spec }, more);

  test('is asked what the step says, and its text is the result', async () => {
    model.say('It was Acme.');
    const run = await ask(
      { system: 'Be brief.', prompt: '${ "Who sent " & $input.it & "?" }', maxTokens: 50 },
      { inputs: { it: 'this' } },
    );
    expect(run, JSON.stringify(run.error)).toMatchObject({ status: 'succeeded', outputs: { answer: 'It was Acme.' } });
    expect(run.credits).toBeGreaterThan(0);
    unheard[type] = run.credits;
    const [question] = model.questions;
    const text = JSON.stringify(question?.body);
    expect(text).toContain('Who sent this?');
    expect(text).toContain('Be brief.');
    expect(question?.body).toMatchObject({ model: 'stand-in', max_tokens: 50 });
    const key = type === 'openai' ? question?.headers.authorization : question?.headers['x-api-key'];
    expect(key).toContain('sk-SECRET');
  });

  test('gives an object that fits the schema', async () => {
    model.say('{"vendor": "Acme", "total": 12.5}');
    expect((await ask({ schema: vendor })).outputs).toEqual({ answer: { vendor: 'Acme', total: 12.5 } });
  });

  test('is asked once more, with what was wrong', async () => {
    model.say('{"vendor": "Acme"}', '{"vendor": "Acme", "total": 3}');
    expect((await ask({ schema: vendor })).outputs).toEqual({ answer: { vendor: 'Acme', total: 3 } });
    expect(model.questions).toHaveLength(2);
    expect(JSON.stringify(model.questions[1]?.body)).toContain('total');
  });

  test.each(['I would rather not.', '{"vendor": 7, "total": "x"}'])(
    'that does not keep to the schema fails: %s',
    async (text) => {
      model.say(text);
      const run = await ask({ schema: vendor });
      expect(run.error).toMatchObject({ name: 'LlmOutputInvalid', message: expect.stringContaining(`It said: ${text}`) });
      expect(model.questions).toHaveLength(2);
    },
  );

  test.each([
    [{ status: 401, body: { error: { message: 'bad key sk-SECRET' } } }, 'CredentialRejected'],
    [{ status: 429, body: { error: { message: 'slow down' } }, headers: { 'retry-after': '7' } }, 'TooManyRequests'],
    [{ status: 500, body: { error: { message: 'oops' } } }, 'LlmRequestFailed'],
    [{ status: 400, body: { error: { message: 'no such model' } } }, 'LlmRequestFailed'],
    ['half' as const, 'ConnectionFailed LlmRequestFailed'],
    [{ status: 200, body: {} }, 'LlmRequestFailed'],
    [{ status: 200, body: 'It was Acme.' }, 'LlmRequestFailed'],
    [{ status: 200, body: { choices: [], content: [{ type: 'text' }] } }, 'LlmRequestFailed'],
  ])('that answers %j fails as %s', async (say, names) => {
    model.say(say);
    const run = await ask({});
    expect(names.split(' '), JSON.stringify(run.error)).toContain(run.error.name);
    expect(JSON.stringify(run)).not.toContain('SECRET');
    // Nor does the connection say it whose service repeats it.
    expect((await api.get('/v1/connections?limit=100')).text).not.toContain('SECRET');
  });
});

test('that says more than a value may hold, or never stops, fails as OutputTooLarge', async () => {
  for (const megabytes of [6, 21]) {
    model.say('x'.repeat(megabytes * 1024 * 1024));
    const run = await asked(ofOpenai());
    expect(run.error, megabytes.toString()).toMatchObject({ name: 'OutputTooLarge' });
    expect(run.error.message.length).toBeLessThan(1_000);
  }
});

const ofOpenai = (spec: object = {}) => ({ connection: connections['openai'], prompt: 'Who?', ...spec });

test('a 429 is tried again when it says', async () => {
  model.say({ status: 429, headers: { 'retry-after': '1' } }, 'at last');
  const run = await asked(ofOpenai(), { more: { retry: { on: ['TooManyRequests'], attempts: 2, delay: '1s' } } });
  expect(run.outputs).toEqual({ answer: 'at last' });
});

test('a stop hangs up', async () => {
  model.say('hang');
  const before = model.hungUp();
  const id = await started(ofOpenai());
  await expect.poll(() => model.questions.length, { timeout: 10_000 }).toBe(1);
  const { workflow_id: workflow } = (await api.get(`/v1/runs/${id}`)).body;
  await api.post(`/v1/workflows/${workflow}/command`, { command: 'stop', run_id: id, params: { mode: 'immediate' } });
  await expect.poll(() => model.hungUp(), { timeout: 5_000 }).toBe(before + 1);
});

test('a time limit is told as one', async () => {
  model.say('hang');
  expect((await asked(ofOpenai(), { more: { timeout: '1s' } })).error).toMatchObject({ name: 'Timeout' });
});

test('files are shown: texts as texts, PDFs and images as they are', async () => {
  const file = async (name: string, content: string) => {
    const made = await api.post('/v2/files', { file_name: name, agent_id: 'examples' });
    const form = new FormData();
    for (const [field, value] of Object.entries<string>(made.body.upload_fields)) form.append(field, value);
    form.append('file', new Blob([content]));
    const put = await fetch(made.body.upload_url, { method: 'POST', body: form });
    expect(put.status).toBeLessThan(300);
    return made.body.id as string;
  };
  model.say('seen');
  const text = await file('notes.txt', 'pay within 30 days');
  const image = await file('scan.png', 'not really a picture');
  const run = await asked(ofOpenai({ attachments: '${ $input.files.id }' }), { files: [text, image] });
  expect(run.outputs, JSON.stringify(run.error)).toEqual({ answer: 'seen' });
  expect(JSON.stringify(model.questions[0]?.body)).toContain('pay within 30 days');
  expect(JSON.stringify(model.questions[0]?.body)).toContain(
    `data:image/png;base64,${Buffer.from('not really a picture').toString('base64')}`,
  );
  const archive = await file('all.zip', 'PK');
  const refused = await asked(ofOpenai({ attachments: archive }), { files: [archive] });
  expect(refused.error).toMatchObject({ name: 'InputInvalid', message: expect.stringContaining('all.zip is application/zip') });
});

describe('who follows the run', () => {
  let listener: Listener;
  beforeAll(async () => {
    listener = await Listener.authorized(api.url);
    await listener.subscribe({ subscribe: 'feed', filter: {} });
  });
  afterAll(() => listener.close());

  /** What a run that waits for the rest of its answer lets be heard. */
  async function heard(type: string, pieces: string[], { more = {}, inputs = {}, top = {} } = {}) {
    const { promise: rest, resolve: goOn } = Promise.withResolvers<void>();
    model.say({ pieces, rest });
    const id = await started({ connection: connections[type], prompt: 'Who sent it?', ...more }, { inputs, top });
    await expect.poll(() => model.questions.length, { timeout: 10_000 }).toBe(1);
    await listener.subscribe({ subscribe: `run:${id}` });
    const chunks = () => listener.of(`run:${id}`).flatMap(({ chunk }) => (chunk ? [Object(chunk)] : []));
    return {
      id,
      goOn,
      chunks,
      text: () =>
        chunks()
          .map(({ text }) => text)
          .join(''),
    };
  }

  test.each(['openai', 'anthropic'])(
    'hears what a model of type %s says while it comes, and its tokens are counted',
    async (type) => {
      const { id, goOn, chunks, text } = await heard(type, ['It was ', 'Acme, ', 'I think.']);
      goOn();
      const run = (await api.get(`/v1/runs/${id}?wait=20`)).body;
      expect(run, JSON.stringify(run.error)).toMatchObject({ status: 'succeeded', outputs: { answer: 'It was Acme, I think.' } });
      await listener.until(() => text().endsWith('I think.'));
      expect('It was Acme, I think.'.endsWith(text())).toBe(true);
      expect(chunks()[0]).toMatchObject({ step: 'ask', attempt: 1, offset: expect.any(Number) });
      expect(run.credits).toBe(unheard[type]);
      expect((await api.get(`/v1/runs/${id}/events`)).text).not.toContain('chunk');
    },
  );

  test('hears an object as it is written, checked all the same', async () => {
    const { id, goOn, text } = await heard('openai', ['{"vendor": "Ac', 'me", "total": 12.5}'], { more: { schema: vendor } });
    goOn();
    expect((await api.get(`/v1/runs/${id}?wait=20`)).body.outputs).toEqual({ answer: { vendor: 'Acme', total: 12.5 } });
    await listener.until(() => text().endsWith('"total": 12.5}'));
  });

  test('hears no secret of the run, not even in two pieces', async () => {
    const input = { type: 'object', properties: { pin: { type: 'string', secret: true } } };
    const { id, goOn, text } = await heard('openai', ['Your pin is hush-', 'hush-4711, keep it.'], {
      inputs: { pin: 'hush-hush-4711' },
      top: { input },
    });
    goOn();
    await api.get(`/v1/runs/${id}?wait=20`);
    await listener.until(() => text().endsWith('***, keep it.'));
    expect(text()).not.toContain('hush');
  });

  test('hears nothing more once it is stopped', async () => {
    const before = model.hungUp();
    const { id, chunks } = await heard('openai', ['It was ', 'Acme.']);
    const { workflow_id: workflow } = (await api.get(`/v1/runs/${id}`)).body;
    await api.post(`/v1/workflows/${workflow}/command`, { command: 'stop', run_id: id, params: { mode: 'immediate' } });
    await expect.poll(() => model.hungUp(), { timeout: 5_000 }).toBe(before + 1);
    await listener.until(() => listener.of(`run:${id}`).some(({ event }) => Object(event).type === 'run_cancelled'));
    expect(JSON.stringify(chunks())).not.toContain('Acme');
  });

  test('and a refusal fails as ever', async () => {
    model.say({ status: 429, body: { error: { message: 'slow down' } }, headers: { 'retry-after': '7' } });
    expect((await asked(ofOpenai())).error).toMatchObject({ name: 'TooManyRequests' });
    model.say('I would rather not.');
    expect((await asked(ofOpenai({ schema: vendor }))).error).toMatchObject({ name: 'LlmOutputInvalid' });
    model.say('half');
    expect((await asked(ofOpenai())).error.name).toMatch(/ConnectionFailed|LlmRequestFailed/);
  });
});

describe('what cannot be asked', () => {
  test('a connection of another type, or none', async () => {
    const bearer = await connect('bearer', { hosts: ['a.example'] }, { token: 'x' });
    expect((await asked({ connection: bearer, prompt: 'Who?' })).error).toMatchObject({
      name: 'InputInvalid',
      message: expect.stringContaining('of type bearer'),
    });
  });

  test('without a model', async () => {
    const bare = await connect('openai', { base_url: model.url }, {});
    expect((await asked({ connection: bare, prompt: 'Who?' })).error.message).toContain('names a model');
  });

  test('a file that is not there', async () => {
    expect((await asked(ofOpenai({ attachments: ['01ARZ3NDEKTSV4RRFFQ69G5FAV'] }))).error.name).toBe('FileUnavailable');
  });

  test.each([
    [{ prompt: 'Who?', schema: { type: 'nonsense' } }, 'steps.ask.llm.schema'],
    [{ promt: 'Who?' }, 'did you mean "prompt"'],
    [{ prompt: 'Who?', maxTokens: 0 }, 'steps.ask.llm.maxTokens'],
  ])('%j is refused when it is saved', async (spec, words) => {
    const definition = {
      format: 1,
      name: uniqueName(),
      connections: ['m'],
      steps: [{ id: 'ask', llm: { connection: 'm', ...spec } }],
    };
    const refused = await api.post('/v1/workflows', { project_id: 'examples', definition });
    expect(refused.status).toBe(422);
    expect(refused.text.replaceAll('\\"', '"')).toContain(words);
  });
});
