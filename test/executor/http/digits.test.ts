import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { parseJson } from '../../../shared/kernel/json.ts';
import { raise } from '../../../shared/step/raise.ts';
import { aCaller, aServer } from './server.ts';

const ID = '8202522731445525542';
const id = parseJson(ID);
const call = aCaller();

async function sent(spec: object) {
  const seen: { url: string | undefined; headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
  const { url } = await aServer(async (request, response) => {
    seen.push({ url: request.url, headers: request.headers, body: await text(request) });
    response.end();
  });
  await call({ url, method: 'POST', ...spec });
  return seen[0];
}

test('an id of 19 digits comes out of an answer as it was', async () => {
  const { url } = await aServer((_, response) => response.setHeader('content-type', 'application/json').end(`{"id":${ID}}`));
  expect(JSON.stringify((await call({ url })).body)).toBe(`{"id":${ID}}`);
});

test('it is sent digit by digit: in a query, a header, a body, a form and a part', async () => {
  expect(await sent({ query: { id, ids: [id, 1] } })).toMatchObject({ url: `/?id=${ID}&ids=${ID}&ids=1` });
  expect(await sent({ headers: { 'x-id': id } })).toMatchObject({ headers: { 'x-id': ID } });
  expect(await sent({ body: { order: { id } } })).toMatchObject({ body: `{"order":{"id":${ID}}}` });
  expect(await sent({ body: id })).toMatchObject({ body: ID });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  expect(await sent({ headers: form, body: { id, ids: [id, { id }] } })).toMatchObject({
    body: `id=${ID}&ids=${ID}&ids=${encodeURIComponent(`{"id":${ID}}`)}`,
  });
  expect((await sent({ multipart: { id } }))?.body).toContain(`\r\n\r\n${ID}\r\n`);
});

test('it may be the message of an error', () => {
  expect(raise.resolved.parse({ error: 'Bad', message: id })).toEqual({ error: 'Bad', message: ID });
});
