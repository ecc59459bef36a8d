import { describe, expect, test } from 'vitest';
import type { Call } from '../harness/stub-server.ts';
import { setting } from './setting.ts';

const at = setting();

const pageOf = ({ query }: Call) => Number(query['page'] ?? 1);
/** A list of 13 pages; `page` says what else of a page. */
const list = (path: string, page: (n: number) => object = () => ({})) =>
  at.stub.on(path, (call) => {
    const n = pageOf(call);
    return { body: { items: [{ n }], next: n < 13 ? `${path}?page=${n + 1}` : null }, ...page(n) };
  });
const pages = (url: string, more: object = {}, step: object = {}) => ({
  id: 'all',
  http: { method: 'GET', url, query: { key: 's3cret' }, paginate: { next: '${ body.next }', items: '${ body.items }', ...more } },
  ...step,
});

describe('paginate', () => {
  test('gives the items of all pages; its expressions know what the step knows, and are kept as they are', async () => {
    const url = list('/pages');
    const definition = {
      steps: [
        { id: 'before', set: { factor: 10 } },
        pages(url, { items: '${ body.items.(n * $steps.before.factor + $input.more) }' }, { output: '${ $[$ > 100] }' }),
      ],
      output: { all: '${ $steps.all }' },
    };
    const run = await at.api.through(definition, { more: 5 });
    expect(run).toMatchObject({ status: 'succeeded', outputs: { all: [105, 115, 125, 135] } });
    expect(at.stub.to('/pages').map(pageOf)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect((await at.api.step(run.id, 'all'))?.input).toMatchObject({
      url,
      query: { key: '***' },
      paginate: { next: '${ body.next }', max: 100 },
    });
    const workflow = await at.api.publish(definition);
    const dry = await at.api.expect(200, 'POST', `/v1/workflows/${workflow}/command`, {
      command: 'start',
      params: { inputs: { more: 5 }, dry_run: true },
    });
    expect(dry).toMatchObject({ problems: [] });
  });

  test('an attempt that fails half-way begins again with the first page', async () => {
    let failures = 0;
    const url = list('/flaky-pages', (n) => (n === 3 && ++failures === 1 ? { status: 500 } : {}));
    const run = await at.api.through({
      steps: [pages(url, {}, { retry: { attempts: 2, delay: '1s' } })],
      output: { all: '${ $steps.all.n }' },
    });
    expect(run.outputs?.['all']).toHaveLength(13);
    expect(at.stub.to('/flaky-pages').map(pageOf)).toEqual([1, 2, 3, ...Array.from({ length: 13 }, (_, n) => n + 1)]);
  });

  test('the time limit of the step is for all pages', async () => {
    const url = list('/slow-pages', () => ({ afterMs: 200 }));
    const run = await at.api.through({ steps: [pages(url, {}, { timeout: '1s' })] });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'Timeout', step: 'all' } });
    expect(at.stub.count('/slow-pages')).toBeLessThan(7);
  });

  test('a stop ends it between two pages as in one', async () => {
    const url = list('/stopped-pages', (n) => ({ afterMs: n < 3 ? 0 : 3_000 }));
    const run = await at.api.start(await at.api.publish({ steps: [pages(url)] }));
    await at.stub.called('/stopped-pages', 3);
    await at.api.stop(run);
    expect((await at.api.ended(run.id)).status).toBe('stopped');
    await at.stub.hungUp('/stopped-pages');
    expect(at.stub.count('/stopped-pages')).toBe(3);
  });

  test('an expression that fails fails the step, and names its field', async () => {
    const run = await at.api.through({ steps: [pages(list('/broken-pages'), { next: '${ body.next > 5 }' })] });
    expect(run.error).toMatchObject({
      name: 'ExpressionError',
      message: expect.stringContaining('steps.all.http.paginate.next: '),
    });
  });
});
