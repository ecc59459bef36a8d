import { loadavg } from 'node:os';
import { createTransport } from 'nodemailer';
import * as z from 'zod';
import { deliver } from '../test/trigger/webhook/sender.ts';
import { listFires } from './fires.ts';
import { type Bench, withBench } from './harness/bench.ts';
import { type Spread, spreadOf } from './harness/statistics.ts';

const HELP = `Usage: npm run bench:triggers

Measures how fast deliveries become runs on this machine: a mail to its run, a webhook delivery to its 202, and the next fires of many schedules.
`;

const WARM_UP = 10;
const MAILS = 50;
const DELIVERIES = 200;
const SCHEDULES = 10_000;

if (process.argv.length > 2) {
  console.error(HELP);
  process.exit(2);
}

const mailbox = z.object({ address: z.string() });
const webhook = z.object({ url: z.string(), secret: z.string() });
const runs = z.object({ items: z.array(z.object({ reference: z.string(), created_at: z.iso.datetime() })) });

const [loadBefore = 0] = loadavg();
const schedules = listFires(SCHEDULES);

let last = 1_000_000;
/** A workflow that calls the stub with the number that was delivered: then nothing is left of one delivery to slow the next down. */
const publish = ({ client, stub }: Bench, name: string, number: string) =>
  client.publish({
    format: 1,
    name,
    reference: `\${ $string(${number}) }`,
    steps: [{ id: 'call', http: { method: 'POST', url: `${stub.url}/call/\${ ${number} }`, body: {} } }],
  });

/** From the 250 of the mail server to the creation that the run records: below 0 when the run was there first. */
async function mailToRun(bench: Bench): Promise<Spread> {
  const { client, cloud, stub } = bench;
  const workflow = await publish(bench, 'bench-mail', '$input.subject');
  const transport = createTransport({ url: cloud.smtpUrl, pool: true, maxConnections: 1, maxMessages: Infinity });
  const settings = { enabled: true, permission: 'anyone' };
  const { address } = mailbox.parse(await client.put(`/v1/workflows/${workflow}/mailbox`, settings));
  const taken = new Map<string, number>();
  for (let n = 0; n < WARM_UP + MAILS; n++) {
    last += 1;
    const subject = String(last);
    await transport.sendMail({ from: 'ada@example.com', to: address, subject, text: 'Good morning.' });
    if (n >= WARM_UP) taken.set(subject, Date.now());
    await stub.called(last, 1);
  }
  transport.close();
  const { items } = runs.parse(await client.get(`/v1/runs?workflow_id=${workflow}&limit=100`));
  const created = new Map(items.map(({ reference, created_at }) => [reference, Date.parse(created_at)]));
  const missing = [...taken.keys()].find((subject) => !created.has(subject));
  if (missing !== undefined) throw new Error(`The mail ${missing} has no run`);
  return spreadOf([...taken].map(([subject, at]) => (created.get(subject) ?? at) - at));
}

async function webhookToAnswer(bench: Bench): Promise<{ alone: Spread; atOnce: Spread & { slowest: number } }> {
  const { client, stub } = bench;
  const workflow = await publish(bench, 'bench-webhook', '$input.n');
  const settings = { name: 'bench', scheme: 'sha256' };
  const { url, secret } = webhook.parse(await client.post(`/v1/workflows/${workflow}/webhooks`, settings));
  const delivery = async (n: number) => {
    const at = performance.now();
    const { status, outcome } = await deliver(url, secret, n);
    const ms = performance.now() - at;
    if (status !== 202 || outcome !== 'accepted') throw new Error(`Delivery ${n} was answered ${status}, ${outcome}`);
    return ms;
  };
  const alone: number[] = [];
  for (let n = 0; n < WARM_UP + DELIVERIES; n++) {
    last += 1;
    const ms = await delivery(last);
    if (n >= WARM_UP) alone.push(ms);
    await stub.called(last, 1);
  }
  const numbers = Array.from({ length: DELIVERIES }, (_, n) => last + 1 + n);
  const called = Promise.all(numbers.map((n) => stub.called(n, 1)));
  const atOnce = await Promise.all(numbers.map(delivery));
  await called;
  return { alone: spreadOf(alone), atOnce: { ...spreadOf(atOnce), slowest: Math.max(...atOnce) } };
}

await withBench({ connections: 1 }, async (bench) => {
  const mail = await mailToRun(bench);
  const { alone, atOnce } = await webhookToAnswer(bench);
  const [loadAfter = 0] = loadavg();

  console.log('times in ms');
  console.table(
    Object.fromEntries(
      Object.entries({
        [`mail: 250 to its run created, ${MAILS} one after another`]: mail,
        [`webhook: delivery to 202, ${DELIVERIES} one after another`]: alone,
        [`webhook: delivery to 202, ${DELIVERIES} at once`]: atOnce,
      }).map(([figure, times]) => [figure, rounded(times)]),
    ),
  );
  console.log(
    `the next fires of ${SCHEDULES.toLocaleString('en')} schedules, five each: ${schedules.ms.toFixed(0)} ms, ${schedules.each.toFixed(3)} ms each`,
  );
  console.log(`load of the machine before / after: ${loadBefore.toFixed(1)} / ${loadAfter.toFixed(1)}`);
});

function rounded(times: object): object {
  return Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, Math.round(ms * 10) / 10]));
}
