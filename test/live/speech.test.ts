import { expect, test } from 'vitest';
import { LiveSpeaker, type SpeechServices } from '../../shared/live/speech.ts';

const now = () => new Date('2026-11-28T08:00:00.000Z');

/** A run that two follow; the key of the second has been revoked. */
function setting({ areThere = true, post = async () => 'sent' as const as 'sent' | 'gone' } = {}) {
  const told: [string, { topic: string; chunk: { offset: number; text: string; cut?: boolean } }][] = [];
  const followers = ['good', 'revoked'].map((hash) => ({
    connectionId: hash,
    runId: 'r1',
    cursor: 0,
    credential: { kind: 'key', hash },
  }));
  const services = {
    listeners: { areThere: async () => areThere, ofRun: async () => followers },
    posts: {
      post: async (connection: string, message: (typeof told)[number][1]) => {
        told.push([connection, message]);
        return post();
      },
    },
    keys: { byHash: async (hash: string) => (hash === 'good' ? {} : { revokedAt: now().toISOString() }) },
    members: { withEmail: async () => [] },
    now,
  } as unknown as SpeechServices;
  return { told, speaker: new LiveSpeaker(services) };
}

const aStep = ({ secrets = [] as string[], signal = new AbortController().signal } = {}) => ({
  runId: 'r1',
  name: 'ask',
  attempt: 2,
  secrets: () => secrets,
  signal,
});

test('a step says so much and no more, in messages that a connection takes, to those who may hear it', async () => {
  const { told, speaker } = setting();
  const speech = await speaker.speechOf(aStep());
  for (let n = 0; n < 7_000; n += 1) speech?.say('0123456789');
  await speech?.end();
  expect([...new Set(told.map(([connection]) => connection))]).toEqual(['good']);
  const chunks = told.map(([, { chunk }]) => chunk);
  expect(chunks.map(({ text }) => text).join('')).toBe('0123456789'.repeat(6_400));
  expect(chunks.map(({ offset }) => offset)).toEqual(chunks.map((_, at) => 4_000 * at));
  expect(chunks.every(({ text }) => text.length <= 4_000)).toBe(true);
  expect(chunks.map(({ cut }) => cut ?? false)).toEqual(chunks.map((_, at) => at === chunks.length - 1));
  expect(told[0]?.[1]).toMatchObject({ topic: 'run:r1', chunk: { step: 'ask', attempt: 2 } });
});

test('no secret is heard, however it comes in pieces', async () => {
  const { told, speaker } = setting();
  const speech = await speaker.speechOf(aStep({ secrets: ['hush-hush'] }));
  for (const letter of 'it is hush-hush, and "hush-hush" again') speech?.say(letter);
  await speech?.end();
  expect(told.map(([, { chunk }]) => chunk.text).join('')).toBe('it is ***, and "***" again');
});

test('nothing is said once it is stopped, where nobody listens, or where it cannot be told', async () => {
  const stop = new AbortController();
  const { told, speaker } = setting();
  const speech = await speaker.speechOf(aStep({ signal: stop.signal }));
  speech?.say('a');
  stop.abort();
  speech?.say('b');
  await speech?.end();
  expect(told).toEqual([]);

  expect(await setting({ areThere: false }).speaker.speechOf(aStep())).toBeUndefined();

  const lost = await setting({ post: () => Promise.reject(new Error('no network')) }).speaker.speechOf(aStep());
  lost?.say('a');
  await expect(lost?.end()).resolves.toBeUndefined();
});
