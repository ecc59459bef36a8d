import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { howMany } from '../harness/how-many.ts';
import { Installation } from '../harness/installation.ts';
import { linkIn, mailsIn } from '../harness/outbox.ts';

const ROUNDS = howMany('ROUNDS', 1);
const RUNS = 8;
const setting = new Installation();
beforeAll(() => setting.start());
afterAll(() => setting.close());

const confirmed = {
  steps: [
    { id: 'ask', approval: { assignees: ['ada@example.com'], title: 'Go on?' } },
    { id: 'mail', email: { to: 'customer@example.com', subject: 'Done', text: 'Run ${ $run.id }: by ${ $steps.ask.by }.' } },
  ],
  output: { by: '${ $steps.ask.by }' },
};

/** What a person does whose browser meets a dead server: tries again until there is an answer. */
async function answered(link: string): Promise<number> {
  for (;;) {
    const body = new URLSearchParams({ decision: 'approve' });
    const status = await fetch(link, { method: 'POST', body }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status > 0 && status < 500) return status;
    await sleep(20);
  }
}

test('kill -9 around questions, answers and mails: everybody is asked, every answer counts once, no mail of a step goes out twice', {
  // Who answers and is cut off before the run goes on leaves it to the sweeper: up to a minute and a half.
  timeout: ROUNDS * 60_000 + 180_000,
}, async () => {
  const workflow = await setting.api.publish(confirmed);
  const linksOf = async (run: string) => (await mailsIn(setting.dataDir, `(${run})`)).map(linkIn);
  const all: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const runs = (await Promise.all(Array.from({ length: RUNS }, () => setting.api.start(workflow)))).map(({ id }) => id);
    all.push(...runs);
    const killing = sleep(50 + Math.random() * 700).then(() => setting.crash());
    const answering = runs.map(async (run) => {
      for (;;) {
        const [link] = await linksOf(run);
        if (link) return answered(link);
        await sleep(20);
      }
    });
    expect(await Promise.all(answering)).toEqual(runs.map(() => 200));
    await killing;
  }

  const ends = await Promise.all(all.map((run) => setting.api.ended(run)));
  expect(setting.kills).toBe(ROUNDS);
  let confirmations = 0;
  for (const { id, status, error, outputs } of ends) {
    const events = (await setting.api.events(id)).map(({ type }) => type);
    expect(events.filter((type) => type === 'task_answered')).toHaveLength(1);
    const mails = (await mailsIn(setting.dataDir, `Run ${id}:`)).length;
    if (status === 'succeeded') {
      expect([mails, outputs]).toEqual([1, { by: 'ada@example.com' }]);
      confirmations += 1;
    } else {
      // It was killed with the mail in its hands: nobody says that it was sent, or that it was not.
      expect([status, error?.name]).toEqual(['failed', 'StepInterrupted']);
      expect(mails).toBeLessThanOrEqual(1);
    }
  }
  expect(confirmations).toBeGreaterThan(all.length / 2);
});
