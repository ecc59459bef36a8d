import { afterAll, beforeAll, expect, test } from 'vitest';
import { DynamoWebhooks } from '../../../shared/trigger/webhook/webhook.dynamo.ts';
import { startTables } from '../../harness/dynamo.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

const WINDOW_SECONDS = 300;
const START_MS = Date.parse('2026-11-27T10:00:00.000Z');
let bodies = 0;

/** Tells which delivery a body counts as that comes so many seconds after the first one. */
function aBody() {
  bodies += 1;
  const body = `body-${bodies}`;
  const webhooks = new DynamoWebhooks(() => tables.client, tables.table('TRIGGERS_TABLE'));
  return (id: string, second: number) => {
    const at = new Date(START_MS + second * 1000).toISOString();
    return webhooks.firstWithBody('W', body, { id, at }, WINDOW_SECONDS);
  };
}

test('the same body within the window is the first delivery again, whichever minutes of the clock lie between them', async () => {
  const arrives = aBody();
  expect([await arrives('a', 0), await arrives('b', 1), await arrives('c', 299)]).toEqual(['a', 'a', 'a']);
});

test('once the window is over it is another event, and opens a window of its own', async () => {
  const arrives = aBody();
  expect([await arrives('a', 0), await arrives('b', 300), await arrives('c', 599), await arrives('d', 600)]).toEqual([
    'a',
    'b',
    'b',
    'd',
  ]);
});

test('what is true once a minute is not swallowed for ever: repeats do not move the window on', async () => {
  const arrives = aBody();
  const firsts = [];
  for (let minute = 0; minute < 11; minute += 1) firsts.push(await arrives(`m${minute}`, minute * 60));
  expect([...new Set(firsts)]).toEqual(['m0', 'm5', 'm10']);
});

test('of many that come at once one is the first', async () => {
  const arrives = aBody();
  const firsts = await Promise.all(Array.from({ length: 20 }, (_, n) => arrives(`n${n}`, n / 1000)));
  expect(new Set(firsts).size).toBe(1);
});

test('a delivery of long ago that is tried again is itself, and leaves the window of the newest as it is', async () => {
  const arrives = aBody();
  expect(await arrives('new', 7200)).toBe('new');
  expect([await arrives('old', 0), await arrives('old', 0)]).toEqual(['old', 'old']);
  expect(await arrives('retry', 7260)).toBe('new');
});

test('other bodies are other events', async () => {
  const [one, another] = [aBody(), aBody()];
  expect([await one('a', 0), await another('b', 1)]).toEqual(['a', 'b']);
});
