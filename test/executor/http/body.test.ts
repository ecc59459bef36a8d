import { once } from 'node:events';
import { pipeline } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { excerpt, parseBody } from '../../../shared/executor/http/body.ts';
import { aCaller, aServer, failureOf } from './server.ts';

const call = aCaller();
const MIB = 1024 * 1024;

describe('a body', () => {
  test.each([
    ['{"a":1}', 'application/json; charset=utf-8', { a: 1 }],
    ['\ufeff{"a":1}', 'application/json', { a: 1 }],
    ['[1]', 'application/vnd.api+json', [1]],
    ['1,2', 'text/csv', '1,2'],
    ['<a/>', 'application/atom+xml', '<a/>'],
    ['grüße', '', 'grüße'],
    ['', 'application/json', null],
  ])('%s as %s is %j', (text, type, value) => {
    expect(parseBody(Buffer.from(text), type)).toEqual(value);
  });

  test.each([
    ['latin1', Buffer.from('grüße', 'latin1'), 'iso-8859-1'],
    ['utf-16', Buffer.from('grüße', 'utf16le'), '"utf-16le"'],
    ['utf-8 under an unknown name', Buffer.from('grüße'), 'klingon'],
  ])('of text is read as %s', (_, bytes, charset) => {
    expect(parseBody(bytes, `text/plain; charset=${charset}`)).toBe('grüße');
  });

  test('of other types is base64', () => {
    const bytes = Buffer.from([0, 255]);
    expect(parseBody(bytes, 'image/png')).toEqual({ base64: 'AP8=', contentType: 'image/png' });
    expect(parseBody(bytes)).toEqual({ base64: 'AP8=', contentType: 'application/octet-stream' });
    expect(excerpt(bytes, 'image/png')).toBe('2 bytes of image/png');
  });

  test.each([
    ['gzip', gzipSync('hello')],
    ['deflate', deflateSync('hello')],
    ['br', brotliCompressSync('hello')],
  ])('encoded with %s is decoded', async (coding, bytes) => {
    const { url } = await aServer((_, response) =>
      response.writeHead(200, { 'content-encoding': coding, 'content-type': 'text/plain' }).end(bytes),
    );
    expect(await call({ url })).toMatchObject({ body: 'hello' });
  });

  test.each(['gzip', 'deflate', 'br'])('that is not the %s it claims to be fails the step', async (coding) => {
    const { url } = await aServer((_, response) => response.writeHead(200, { 'content-encoding': coding }).end('plain words'));
    const failure = await failureOf(call({ url }));
    expect(failure).toMatchObject({
      name: 'ConnectionFailed',
      message: expect.stringContaining('not encoded as its headers say'),
    });
  });
});

describe('the limit', () => {
  test('lets 5 MiB pass', async () => {
    const { url } = await aServer((_, response) => response.setHeader('content-type', 'text/plain').end('x'.repeat(5 * MIB)));
    const { body } = await call({ url });
    expect(String(body).length).toBe(5 * MIB);
  });

  test('ends a body of 100 MB early', async () => {
    let sent = 0;
    const { server, url } = await aServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const chunk = Buffer.alloc(64 * 1024, 'x');
      const body = function* () {
        for (; sent < 100_000_000; sent += chunk.length) yield chunk;
      };
      pipeline(body, response, () => server.emit('stopped'));
    });
    const stopped = once(server, 'stopped');
    expect(await failureOf(call({ url }))).toMatchObject({ name: 'OutputTooLarge', message: expect.stringContaining('5 MiB') });
    await stopped;
    expect(sent).toBeLessThan(40_000_000);
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('holds for what %s inflates to', async (coding, compress) => {
    const bomb = compress(Buffer.alloc(64 * MIB));
    expect(bomb.length).toBeLessThan(MIB);
    const { url } = await aServer((_, response) => response.writeHead(200, { 'content-encoding': coding }).end(bomb));
    expect(await failureOf(call({ url }))).toMatchObject({ name: 'OutputTooLarge' });
  });

  test('holds for members that inflate to nothing', async () => {
    const empty = Buffer.concat(Array.from({ length: 5000 }, () => gzipSync('')));
    const { url } = await aServer((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const endless = function* () {
        while (true) yield empty;
      };
      pipeline(endless, response, () => {});
    });
    expect(await failureOf(call({ url }))).toMatchObject({ name: 'OutputTooLarge' });
  });

  test('cuts the body of a failure, which keeps its name', async () => {
    const { url } = await aServer((_, response) => response.writeHead(503).end('x'.repeat(20 * MIB)));
    expect(await failureOf(call({ url }))).toMatchObject({ name: 'HttpServerError' });
  });
});
