import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../../client/client.ts';
import type { Cloud } from '../../local/cloud.ts';
import { optionsFrom } from '../../local/options.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { API_KEY } from '../harness/millrun-process.ts';
import { CLIENT_ID, SignInProvider } from '../harness/sign-in-provider.ts';

describe('SETTINGS', () => {
  test('are settings of the stack as a JSON object', () => {
    expect(optionsFrom({ SETTINGS: '{"retentionDays": 7}' }).settings).toEqual({ retentionDays: 7 });
    expect(optionsFrom({}).settings).toEqual({});
  });

  test.each(['retentionDays=7', '[1]', '7', '{'])('that are none are refused: %s', (SETTINGS) => {
    expect(() => optionsFrom({ SETTINGS })).toThrow('SETTINGS must be a JSON object');
  });
});

describe('a cloud with a sign-in provider of this machine', () => {
  let provider: SignInProvider;
  let cloud: Cloud;
  beforeAll(async () => {
    provider = await new SignInProvider({ ada: { email: 'ada@example.com', email_verified: true } }).start();
    const settings = { oidcIssuer: provider.issuer, oidcClientId: CLIENT_ID };
    cloud = await cloudInProcess(undefined, undefined, { settings });
  });
  afterAll(async () => {
    await cloud?.close();
    await provider.stop();
  });

  test('lets its members in by what its functions are granted, and is otherwise as ever', async () => {
    const client = new Client({ url: cloud.url, apiKey: API_KEY });
    const member = { email: 'ada@example.com', name: 'Ada', role: 'viewer' };
    expect((await client.request('POST', '/v1/members', { body: member })).status).toBe(201);
    const headers = { authorization: `Bearer ${await provider.signIn('ada')}` };
    const answered = await new Client({ url: cloud.url }).request('GET', '/v1/me', { headers });
    expect(answered.body).toMatchObject({ kind: 'member', workspace: 'local', project_id: 'examples', role: 'viewer' });
  });
});
