import type { StubServer } from '../harness/stub-server.ts';
import type { Definition, Run } from '../run/client.ts';
import { calledAgain, callsOf, type Finished } from './finished.ts';

/** How long the stub takes to answer, by the path; so that there is something to interrupt. */
const SLOW_MS = 900;
const QUICK_MS = 25;

export function scriptOrders(stub: StubServer): void {
  stub.on('/long', { afterMs: SLOW_MS, body: { ok: true } });
  stub.on('/quick', { afterMs: QUICK_MS, body: { ok: true } });
  stub.on('/item', (call) => ({ afterMs: QUICK_MS, body: { n: Number(call.query['n']) } }));
  // Fails for the first two calls that a run makes.
  const failures = new Map<string, number>();
  stub.on('/flaky', (call) => {
    const run = call.query['run'] ?? '';
    const failed = failures.get(run) ?? 0;
    failures.set(run, failed + 1);
    return failed < 2 ? { status: 503 } : { body: { ok: true } };
  });
}

/** A workflow with something of everything. Every call names the run and the step key, so that the stub can count. */
export function orders(stub: StubServer): Definition {
  const call = (id: string, path: string, key = id, more: object = {}) => ({
    id,
    http: { method: 'POST', url: stub.url + path, query: { run: '${ $run.id }', key, ...more }, body: {} },
    output: '${ body }',
  });
  return {
    input: { type: 'object', properties: { n: { type: 'integer', default: 0 } } },
    steps: [
      call('first', '/quick'),
      call('long', '/long'),
      {
        id: 'both',
        parallel: {
          left: [call('left', '/quick'), call('left2', '/quick')],
          right: [
            {
              id: 'choose',
              switch: [
                { when: '${ $input.n % 2 = 0 }', steps: [call('even', '/quick')] },
                { otherwise: [call('odd', '/quick')] },
              ],
            },
          ],
        },
      },
      {
        id: 'each',
        forEach: {
          in: '${ [1..6] }',
          as: 'n',
          concurrency: 2,
          steps: [
            call('item', '/item', 'each[${ $index }]/item', { n: '${ $n }' }),
            { id: 'twice', set: { n: '${ $steps.item.n * 2 }' } },
          ],
        },
        output: '${ $.n }',
      },
      { id: 'pause', wait: '1s' },
      { ...call('flaky', '/flaky'), retry: { attempts: 5, delay: '1s', backoff: 1 } },
      {
        id: 'bad',
        raise: { error: 'Known', message: 'n is ${ $input.n }' },
        catch: [{ steps: [call('mend', '/quick'), { id: 'mended', set: { why: '${ $error.message }' } }] }],
      },
      call('last', '/quick'),
    ],
    output: { each: '${ $steps.each }', why: '${ $steps.bad.why }', last: '${ $steps.last.ok }', n: '${ $input.n }' },
  };
}

/** What a run of it gives, whatever happened on the way. */
export const rightEnd = (n: number) => ({
  status: 'succeeded',
  error: null,
  outputs: { each: [2, 4, 6, 8, 10, 12], why: `n is ${n}`, last: true, n },
});

const called = (n: number) => [
  'first',
  'long',
  'left',
  'left2',
  n % 2 === 0 ? 'even' : 'odd',
  ...[0, 1, 2, 3, 4, 5].map((index) => `each[${index}]/item`),
  'mend',
  'last',
];

/** What is wrong with the calls of a run that was interrupted so many times; `finished` are keys that had ended before one of the kills. */
export function wrongCalls(stub: StubServer, run: Pick<Run, 'id'>, n: number, kills: number, finished: Finished): string[] {
  const counts = callsOf(stub, run);
  const wrong = called(n)
    .filter((key) => !counts.has(key))
    .map((key) => `${key} was never called`);
  for (const [key, count] of counts) {
    if (!called(n).includes(key)) wrong.push(`${key} was called`);
    if (count > 1 + kills) wrong.push(`${key} was called ${count} times with ${kills} kills`);
  }
  return [...wrong, ...calledAgain(stub, run, finished)];
}
