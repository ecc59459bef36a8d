import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, startApi } from '../http/api.ts';

let api: Api;
let workflow: string;
beforeAll(async () => {
  api = await startApi({ firstKeyWorkspace: 'local', firstKeyProject: 'examples', allowedNetworks: [] });
  workflow = await api.publish("  - id: call\n    http: { method: GET, url: '${ $input.url }' }\n    timeout: 5s\n");
});
afterAll(() => api.close());

test.each([
  'http://127.0.0.1:1/',
  'http://localhost:1/',
  'http://[::1]:1/',
  'http://0.0.0.0:1/',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://[::ffff:127.0.0.1]/',
  'http://169.254.169.254/latest/',
  'http://10.0.0.1/',
])('where no private network is allowed, %s is not reached', async (url) => {
  const { body } = await api.start(workflow, { url });
  expect((await api.ended(body.id)).error).toMatchObject({ name: 'ConnectionFailed', step: 'call' });
  const { body: context } = await api.get(`/v1/runs/${body.id}/context?step=call`);
  expect(context.steps[0].error.data.code).toBe('ADDRESS_REFUSED');
});
