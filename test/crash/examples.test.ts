import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { publishByMail, type Samples, startSamples } from '../examples/samples.ts';
import { howMany } from '../harness/how-many.ts';
import { Installation } from '../harness/installation.ts';
import { mailsIn } from '../harness/outbox.ts';
import type { Run } from '../run/client.ts';
import { aMail, transportTo } from '../trigger/email/mail-sender.ts';

/** More of them in `npm run soak`. */
const CRASHES = howMany('EXAMPLE_CRASHES', 2);
const MAILS_A_CRASH = 4;
/** So that there is something to interrupt. */
const SLOWEST_MS = 150;

const setting = new Installation();
let samples: Samples;
let boxes: { workflow: string; address: string }[];
beforeAll(async () => {
  samples = await startSamples({ afterMs: () => Math.random() * SLOWEST_MS });
  await setting.start();
  boxes = [
    await publishByMail(setting.api.url, 'invoice-intake', samples),
    await publishByMail(setting.api.url, 'support-triage', samples),
  ];
});
afterAll(async () => {
  await setting.close();
  samples?.close();
});

const page = z.object({
  items: z.array(z.looseObject({ id: z.string(), reference: z.string().nullish() })),
  continuation_token: z.string().nullable(),
});

/** Does it until it is done: the cloud may be down at any moment. */
async function untilDone<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      await sleep(20);
    }
  }
}

/** Reads again when the line was cut: a connection that is kept may be closed at the moment it is used. Every answer counts. */
async function read<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      await sleep(20);
    }
  }
}

/** The text by which everything about a mail is found again: in questions to the model, bookings and mails. */
const markOf = (n: number) => `MARK-${n}-`;
const isInvoice = (n: number) => n % 2 === 0;
const linesOf = (n: number) =>
  isInvoice(n)
    ? ['Vendor: Acme Supplies', `Number: ${markOf(n)}`, `Total: ${5000 + n}`, 'Currency: EUR']
    : ['Is there an outage?', `Product: ${markOf(n)}`];

/** Sends a mail as mail servers do: again until it is taken. */
async function send(n: number): Promise<void> {
  const address = boxes[isInvoice(n) ? 0 : 1]?.address ?? '';
  const body = linesOf(n).map((line) => `${line}\r\n`);
  const raw = aMail({ Subject: markOf(n), To: address, 'Message-ID': `<${n}.crash@example.com>` }, body.join(''));
  await untilDone(async () => {
    const transport = transportTo({ smtpUrl: setting.smtpUrl });
    await transport.sendMail({ envelope: { from: 'ada@example.com', to: address }, raw }).finally(() => transport.close());
  });
}

/** A person who answers whatever is asked, until told to stop. */
async function answerAll(answered: Set<string>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(30);
    const open = await openTasks().catch(() => []);
    const answers = open.map(async (id) => {
      const form = { costCentre: 'A1', text: 'It works again.' };
      const { status } = await setting.api.call('POST', `/v1/tasks/${id}/answer`, { decision: 'approve', form });
      if (status === 200) answered.add(id);
    });
    await Promise.allSettled(answers);
  }
}

const openTasks = async () =>
  page.parse(await setting.api.expect(200, 'GET', '/v1/tasks?status=open&limit=100')).items.map(({ id }) => id);

async function allRuns(): Promise<{ id: string; n: number }[]> {
  const runs: { id: string; n: number }[] = [];
  for (const { workflow } of boxes)
    for (let token: string | null = ''; token !== null; ) {
      const from: string = token && `&continuation_token=${encodeURIComponent(token)}`;
      const { items, continuation_token } = page.parse(
        await read(() => setting.api.expect(200, 'GET', `/v1/runs?workflow_id=${workflow}&limit=100${from}`)),
      );
      runs.push(...items.map(({ id, reference }) => ({ id, n: Number(/\d+/.exec(reference ?? '')?.[0]) })));
      token = continuation_token;
    }
  return runs;
}

/** Whether the steps of kind llm are those that sort and read; the others write. */
const questions = (n: number, isRead: boolean) =>
  samples.asked('model', markOf(n)).filter(({ body }) => body.includes('json_schema') === isRead).length;

/** How often the model was asked by a step, once the log has told its end: from then on it must not be asked again. */
type Finished = Map<string, number>;

async function noteFinished(run: { id: string; n: number }, finished: Finished): Promise<void> {
  for (const { type, step } of await read(() => setting.api.events(run.id))) {
    const key = `${run.n}/${step}`;
    if (type !== 'step_completed' || finished.has(key)) continue;
    if (step === 'invoice' || step === 'triage') finished.set(key, questions(run.n, true));
    if (step === 'draft') finished.set(key, questions(run.n, false));
  }
}

const askedAgain = (finished: Finished) =>
  [...finished].filter(([key, count]) => {
    const [n, step] = key.split('/');
    return questions(Number(n), step !== 'draft') !== count;
  });

/** What is wrong with what came of a mail. */
async function wrongWith(n: number, { id, status, error }: Run): Promise<string[]> {
  const wrong: string[] = [];
  const events = (await read(() => setting.api.events(id))).map(({ type }) => type);
  const answers = events.filter((type) => type === 'task_answered').length;
  if (answers !== 1) wrong.push(`${answers} answers`);
  const sent = (await mailsIn(setting.dataDir, isInvoice(n) ? markOf(n) : `Re: ${markOf(n)}`)).filter(({ to }) =>
    to.includes('ada@example.com'),
  ).length;
  // One that was killed with the mail in its hands does not say that it was sent, or that it was not.
  if (status === 'succeeded' ? sent !== 1 : sent > 1) wrong.push(`${sent} mails of a run that has ${status}`);
  if (status !== 'succeeded' && error?.name !== 'StepInterrupted') wrong.push(`${status}: ${error?.name} ${error?.message}`);
  if (status !== 'succeeded' && error?.step !== 'confirm' && error?.step !== 'reply') wrong.push(`interrupted in ${error?.step}`);
  const bookings = new Set(samples.asked('bookings', markOf(n)).map(({ key }) => key ?? 'without a key')).size;
  if (bookings !== (isInvoice(n) ? 1 : 0)) wrong.push(`${bookings} bookings`);
  if (questions(n, true) < 1) wrong.push('the model was not asked');
  return wrong.map((what) => `mail ${n}, run ${id}: ${what}`);
}

test(`kill -9 of everything ${CRASHES} times at random while the examples run: no mail, no answer of the model, no answer of a person is lost or counts twice`, {
  // A start that was written and not made is left to the sweeper, which looks once a minute at what is due after half a minute.
  timeout: 180_000 + CRASHES * 20_000,
}, async () => {
  const stop = new AbortController();
  const answered = new Set<string>();
  const person = answerAll(answered, stop.signal);
  const finished: Finished = new Map();
  const sending: Promise<void>[] = [];
  const over = new Set<string>();
  for (let round = 0; round < CRASHES; round++) {
    for (let k = 0; k < MAILS_A_CRASH; k++) sending.push(send(sending.length));
    await sleep(100 + Math.random() * 1_200);
    for (const run of (await allRuns()).filter(({ id }) => !over.has(id))) {
      await noteFinished(run, finished);
      if ((await read(() => setting.api.run(run.id))).ended_at !== null) over.add(run.id);
    }
    await sleep(Math.random() * 200);
    await setting.crash();
  }
  await Promise.all(sending);

  const arrived = async () => {
    const runs = await allRuns();
    return new Set(runs.map(({ n }) => n)).size === sending.length ? runs : undefined;
  };
  let runs = await arrived();
  while (!runs) runs = await sleep(100).then(arrived);
  const ends = await Promise.all(runs.map(async (run) => ({ n: run.n, run: await read(() => setting.api.ended(run.id)) })));
  stop.abort();
  await person;

  expect(setting.kills).toBe(CRASHES);
  expect(runs).toHaveLength(sending.length);
  for (const run of runs) await noteFinished(run, finished);
  expect(finished.size).toBeGreaterThanOrEqual(sending.length);
  expect(askedAgain(finished)).toEqual([]);
  expect((await Promise.all(ends.map(({ n, run }) => wrongWith(n, run)))).flat()).toEqual([]);
  expect(answered.size).toBeGreaterThan(0);
  for (const id of answered)
    expect(await read(() => setting.api.expect(200, 'GET', `/v1/tasks/${id}`))).toMatchObject({ status: 'answered' });
  expect(ends.filter(({ run }) => run.status === 'succeeded').length).toBeGreaterThan(sending.length / 2);
});
