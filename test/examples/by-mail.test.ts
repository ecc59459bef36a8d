import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Api, startApi } from '../edge/api.ts';
import { mailsIn } from '../harness/outbox.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { aMail, transportTo } from '../trigger/email/mail-sender.ts';
import { publishByMail, type Samples, startSamples } from './samples.ts';

const folder = temporaryFolder();
let api: Api;
let samples: Samples;
let boxes: Record<'invoice-intake' | 'support-triage', Awaited<ReturnType<typeof publishByMail>>>;
beforeAll(async () => {
  [api, samples] = await Promise.all([startApi(undefined, folder.path), startSamples()]);
  boxes = {
    'invoice-intake': await publishByMail(api.url, 'invoice-intake', samples),
    'support-triage': await publishByMail(api.url, 'support-triage', samples),
  };
});
afterAll(async () => {
  await api?.close();
  samples?.close();
  folder.remove();
});

let subjects = 0;

/** Sends lines by SMTP; answers the run that they start. */
async function runOf(example: keyof typeof boxes, lines: string[]): Promise<string> {
  const { workflow, address } = boxes[example];
  subjects += 1;
  const subject = `Mail ${subjects}`;
  const transport = transportTo(api.cloud);
  await transport.sendMail({
    envelope: { from: 'ada@example.com', to: address },
    raw: aMail({ Subject: subject, To: address }, lines.map((line) => `${line}\r\n`).join('')),
  });
  transport.close();
  return vi.waitFor(
    async () => {
      const { items } = (await api.get(`/v1/runs?workflow_id=${workflow}&limit=25`)).body;
      const found = items.find(({ reference }: { reference: string }) => reference === subject);
      expect(found).toBeDefined();
      return found.id;
    },
    { timeout: 20_000, interval: 50 },
  );
}

const answer = (task: { id: string }, body: object) => api.post(`/v1/tasks/${task.id}/answer`, body);
const invoice = (number: string, total: number, vendor = 'Acme Supplies') => [
  'Please find our invoice.',
  `Vendor: ${vendor}`,
  `Number: ${number}`,
  `Total: ${total}`,
  'Currency: EUR',
];
/** Mails to the sender of what came in; those who are asked get some too. */
const mailsToAda = async (text: string) => (await mailsIn(folder.path, text)).filter(({ to }) => to.includes('ada@example.com'));

describe('invoice-intake', () => {
  test('waits for who approves, is booked once, and says so by mail', async () => {
    const run = await runOf('invoice-intake', invoice('INV-1', 12500));
    const task = await api.asked(run);
    expect(task).toMatchObject({ kind: 'approval', title: 'Pay 12500 EUR to Acme Supplies?' });
    expect((await api.get(`/v1/runs/${run}`)).body.status).toBe('waiting');
    expect(samples.asked('bookings')).toEqual([]);
    expect((await answer(task, { decision: 'approve', form: { costCentre: 'A1' } })).status).toBe(200);
    expect((await answer(task, { decision: 'approve', form: { costCentre: 'A1' } })).status).toBe(200);

    const { status, outputs } = await api.ended(run);
    expect({ status, outputs }).toEqual({
      status: 'succeeded',
      outputs: {
        number: 'INV-1',
        approvedBy: expect.any(String),
        booking: expect.stringMatching(/^booking-/),
        mail: expect.any(String),
      },
    });
    const booked = samples.asked('bookings', 'INV-1').map(({ body }) => JSON.parse(body));
    expect(booked).toEqual([{ number: 'INV-1', vendor: 'vendor-7', total: 12500, costCentre: 'A1' }]);
    const mails = await mailsToAda('INV-1');
    expect(mails.map(({ mail }) => mail.subject)).toEqual(['Invoice INV-1 is booked']);
    expect(mails[0]?.mail.text).toContain(outputs.booking);
  });

  test('asks nobody about what is below the limit', async () => {
    const run = await api.ended(await runOf('invoice-intake', invoice('INV-2', 80)));
    expect(run).toMatchObject({ status: 'succeeded', outputs: { number: 'INV-2', approvedBy: null } });
    expect(await mailsToAda('INV-2')).toHaveLength(1);
  });

  test('asks about a vendor whom nobody knows; what is rejected is neither booked nor confirmed', async () => {
    const run = await runOf('invoice-intake', invoice('INV-3', 80, 'Shady Deals'));
    await answer(await api.asked(run), { decision: 'reject', comment: 'Who is that?' });
    expect(await api.ended(run)).toMatchObject({ status: 'failed', error: { name: 'ApprovalRejected', step: 'sign' } });
    expect(samples.asked('bookings', 'INV-3')).toEqual([]);
    expect(await mailsToAda('INV-3')).toEqual([]);
  });

  test('fails over a mail that is no invoice, after the model was asked once more', async () => {
    const run = await api.ended(await runOf('invoice-intake', ['INV-4 comes tomorrow.']));
    expect(run).toMatchObject({ status: 'failed', error: { name: 'LlmOutputInvalid', step: 'invoice' } });
    expect(samples.asked('model', 'INV-4')).toHaveLength(2);
  });
});

describe('support-triage', () => {
  const events = () => {
    const path = join(folder.path, 'events.jsonl');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };

  test('tells the bus of an outage, and sends what a person has made of the draft', async () => {
    const run = await runOf('support-triage', ['Is there an outage?', 'Product: Shop']);
    const task = await api.asked(run);
    expect(task.title).toContain('Answer ada@example.com');
    expect(await mailsToAda('since ten')).toEqual([]);
    expect((await answer(task, { decision: 'approve', form: { text: 'It works again since ten.' } })).status).toBe(200);
    const ended = await api.ended(run);
    expect(ended).toMatchObject({
      status: 'succeeded',
      outputs: { topic: 'outage', decision: 'approve', alarm: `${run}/alarm`, mail: expect.any(String) },
    });
    expect(ended.outputs.articles).toHaveLength(2);
    expect(events()).toContain(`${run}/alarm`);
    expect(await mailsToAda('It works again since ten.')).toHaveLength(1);
  });

  test('sends the draft when it is released as it is, and tells the bus nothing of an invoice', async () => {
    const run = await runOf('support-triage', ['A question about my billing.', 'Product: Shop']);
    await answer(await api.asked(run), { decision: 'approve' });
    expect(await api.ended(run)).toMatchObject({ status: 'succeeded', outputs: { topic: 'billing', alarm: null } });
    expect(events()).not.toContain(`${run}/alarm`);
    expect(await mailsToAda('Thank you for your message.')).toHaveLength(1);
  });

  test('sends nothing that was rejected', async () => {
    const sent = (await mailsIn(folder.path)).length;
    const run = await runOf('support-triage', ['Buy my watches.']);
    await answer(await api.asked(run), { decision: 'reject' });
    expect(await api.ended(run)).toMatchObject({
      status: 'succeeded',
      outputs: { topic: 'other', decision: 'reject', mail: null },
    });
    const since = (await mailsIn(folder.path)).slice(sent).filter(({ to }) => to.includes('ada@example.com'));
    expect(since).toEqual([]);
  });
});
