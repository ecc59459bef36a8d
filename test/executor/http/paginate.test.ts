import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { http } from '../../../shared/step/http.ts';
import { aCaller, aServer, failureOf } from './server.ts';

const call = aCaller();

const pageOf = ({ url = '' }: IncomingMessage) => Number(new URL(url, 'http://x').searchParams.get('page') ?? 1);

/** A list of two items a page; `link` says where the next page is. */
async function aList(pages: number, link = (page: number): unknown => `/list?page=${page}`) {
  const seen: IncomingMessage[] = [];
  const { url } = await aServer((request, response) => {
    seen.push(request);
    const page = pageOf(request);
    const next = page < pages ? link(page + 1) : null;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ items: [2 * page - 1, 2 * page], next }));
  });
  return { url: `${url}/list`, origin: url, seen };
}

const paginate = { next: '${ body.next }', items: '${ body.items }' };

describe('pages', () => {
  test('are followed to the last one, and give the items of all in their order', async () => {
    const { url, seen } = await aList(25);
    expect(await call({ url, headers: { 'x-api-key': 's3cret' }, paginate })).toEqual(
      Array.from({ length: 50 }, (_, n) => n + 1),
    );
    expect(seen.map(pageOf)).toEqual(Array.from({ length: 25 }, (_, n) => n + 1));
    expect(new Set(seen.map(({ headers }) => headers['x-api-key']))).toEqual(new Set(['s3cret']));
  });

  test('each wait for a turn, but the first, which has had its own', async () => {
    const { url, seen } = await aList(3);
    const turns: number[] = [];
    const nextTurn = async () => void turns.push(seen.length);
    await call({ url, paginate }, { nextTurn });
    expect(turns).toEqual([1, 2]);
    const stopped = call({ url, paginate }, { nextTurn: () => Promise.reject(new Error('stopped')) });
    await expect(stopped).rejects.toThrow('stopped');
  });

  test.each([
    ['an absolute URL', '${ body.next }', (page: number) => `/list?page=${page}`],
    ['a cursor', "${ body.next ? '?page=' & body.next }", (page: number) => page],
    ['a field that is empty at the end', "${ $string(body.next ? body.next : '') }", (page: number) => `/list?page=${page}`],
  ])('are named by %s', async (_, next, link) => {
    const { url } = await aList(3, link);
    expect(await call({ url, paginate: { ...paginate, next } })).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('are named by a Link header, and are their bodies unless something else is said', async () => {
    const { url } = await aServer((request, response) => {
      const page = pageOf(request);
      const links = ['</list?page=1>; rel="first"', ...(page < 3 ? [`</list?page=${page + 1}>; rel="next"`] : [])];
      response.writeHead(200, { 'content-type': 'application/json', link: links.join(', ') });
      response.end(JSON.stringify(page === 2 ? [] : [page]));
    });
    const next = '${ $match(headers.link, /<([^>]*)>; *rel="next"/).groups[0] }';
    expect(await call({ url: `${url}/list`, paginate: { next } })).toEqual([1, 3]);
  });

  test('are as many as max allows; one more fails', async () => {
    const { url, seen } = await aList(4);
    expect(await call({ url, paginate: { ...paginate, max: 4 } })).toHaveLength(8);
    expect(await failureOf(call({ url, paginate: { ...paginate, max: 3 } }))).toMatchObject({
      name: 'LimitReached',
      message: `GET ${url} has more than 3 pages, the most that max allows.`,
    });
    expect(seen).toHaveLength(4 + 3);
  });

  test('that go in a circle are noticed', async () => {
    const { url, seen } = await aList(9, (page) => `/list?page=${page > 3 ? 2 : page}`);
    expect(await failureOf(call({ url, paginate }))).toMatchObject({
      name: 'HttpServerError',
      message: expect.stringContaining('circle'),
    });
    expect(seen).toHaveLength(3);
  });

  test.each([
    [7, /not a number/],
    [{ href: '/list' }, /not a list or a map/],
    ['ftp://a.example/', /not another text/],
    ['https://me:secret@a.example/', /not another text/],
  ])('a link that is %j fails, in words', async (link, words) => {
    const { url } = await aList(2, () => link);
    expect(await failureOf(call({ url, paginate }))).toMatchObject({
      name: 'ExpressionError',
      message: expect.stringMatching(words),
    });
  });

  test('one that the server does not give as expected fails all', async () => {
    const { url } = await aServer((request, response) => {
      const page = pageOf(request);
      response.writeHead(page === 2 ? 503 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ items: [page], next: `/list?page=${page + 1}` }));
    });
    expect(await failureOf(call({ url: `${url}/list`, paginate }))).toMatchObject({
      name: 'HttpServerError',
      data: { status: 503 },
    });
  });

  test('together are as large as a value may be, and no more is asked for', async () => {
    let pages = 0;
    const { url } = await aServer((request, response) => {
      pages += 1;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ items: ['x'.repeat(1024 * 1024)], next: `/?page=${pageOf(request) + 1}` }));
    });
    expect(await failureOf(call({ url, paginate }))).toMatchObject({
      name: 'OutputTooLarge',
      message: `The items of 5 pages of GET ${url}/ are more than 5 MiB. Ask for fewer, or let http.paginate.items take only the fields that are needed.`,
    });
    expect(pages).toBe(5);
  });

  test('of another origin see nothing private, nor do those that follow it, wherever they are', async () => {
    const seen: (string | undefined)[] = [];
    const headers = { 'content-type': 'application/json' };
    const first = await aServer((request, response) => {
      seen.push(request.headers['x-api-key']?.toString());
      response.writeHead(200, headers);
      response.end(JSON.stringify(request.url === '/' ? { items: [1], next: other.url } : { items: [3] }));
    });
    const other = await aServer((request, response) => {
      seen.push(request.headers['x-api-key']?.toString());
      response.writeHead(200, headers);
      response.end(JSON.stringify({ items: [2], next: `${first.url}/back` }));
    });
    expect(await call({ url: first.url, headers: { 'x-api-key': 's3cret' }, paginate })).toEqual([1, 2, 3]);
    expect(seen).toEqual(['s3cret', undefined, undefined]);
  });

  test('may not be where steps may not reach', async () => {
    const { url } = await aList(2, () => 'http://169.254.169.254/latest/meta-data/');
    expect(await failureOf(call({ url, paginate }))).toMatchObject({
      name: 'ConnectionFailed',
      data: { code: 'ADDRESS_REFUSED' },
    });
  });

  test('are found from where a redirect has led', async () => {
    const { url } = await aServer((request, response) => {
      if (request.url === '/old') return response.writeHead(302, { location: '/new/list' }).end();
      response.writeHead(200, { 'content-type': 'application/json' });
      return response.end(JSON.stringify({ items: [request.url], next: request.url === '/new/list' ? 'more' : null }));
    });
    expect(await call({ url: `${url}/old`, paginate })).toEqual(['/new/list', '/new/more']);
  });

  test('are given up with the step', async () => {
    const controller = new AbortController();
    const { url } = await aServer((request, response) => {
      const page = pageOf(request);
      if (page === 3) return controller.abort(new Error('stopped'));
      response.writeHead(200, { 'content-type': 'application/json' });
      return response.end(JSON.stringify({ items: [page], next: `/?page=${page + 1}` }));
    });
    await expect(call({ url, paginate }, { signal: controller.signal })).rejects.toThrow('stopped');
  });
});

describe('the form of paginate', () => {
  const problems = (value: object) => {
    const parsed = http.schema.safeParse({ method: 'GET', url: 'https://a.example/', ...value });
    return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  };

  test.each([
    [{ paginate: {} }, /^paginate.next: /],
    [{ paginate: { next: 'https://a.example/?page=2' } }, /^paginate.next: must be one \$\{ \.\.\. \} expression/],
    [{ paginate: { next: 'https://a.example/${ body.next }' } }, /^paginate.next: must be one/],
    [{ paginate: { ...paginate, items: 'body' } }, /^paginate.items: must be one/],
    [{ paginate: { ...paginate, max: 1_001 } }, /^paginate.max: /],
    [{ paginate, method: 'POST' }, /^paginate: pages are read with GET/],
    [{ paginate, save: true }, /^paginate: gathers/],
  ])('refuses %j in words', (value, words) => {
    expect(problems(value)).toEqual([expect.stringMatching(words)]);
  });
});
