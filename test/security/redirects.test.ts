import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, startApi } from '../edge/api.ts';

let api: Api;
const server = createServer((request, response) => {
  response.writeHead(302, { location: new URL(request.url ?? '', 'http://x').searchParams.get('to') ?? '' }).end();
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = await startApi({ bootstrapWorkspace: 'local', bootstrapProject: 'examples', allowedNetworks: ['127.0.0.0/8'] });
});
afterAll(async () => {
  server.close();
  await api.close();
});

test.each(['http://169.254.169.254/latest/meta-data/', 'http://10.0.0.1/', 'http://[::1]:1/', 'http://[fd00::1]/'])(
  'where one private network is allowed, a redirect from it to %s is not followed',
  async (to) => {
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/?to=${encodeURIComponent(to)}`;
    const { body } = await api.start(
      await api.publish(`  - id: call\n    http: { method: GET, url: '${url}' }\n    timeout: 5s\n`),
    );
    expect((await api.ended(body.id)).error).toMatchObject({ name: 'ConnectionFailed', step: 'call' });
    const { body: context } = await api.get(`/v1/runs/${body.id}/context?step=call`);
    expect(context.steps[0].error.data.code).toBe('ADDRESS_REFUSED');
  },
);
