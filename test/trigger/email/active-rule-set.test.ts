import '../../harness/quiet.ts';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { activateRuleSet } from '../../../functions/setup/active-rule-set.ts';
import { listen } from '../../../local/listen.ts';

/** An account of SES with a rule set of another system, and CloudFormation, which is told what became of its resource. */
const account = { active: undefined as string | undefined, sets: new Set<string>() };
const answers: { Status: string; Reason?: string; PhysicalResourceId: string }[] = [];

const ses = createServer(async (request, response) => {
  const body = await text(request);
  if (request.method === 'PUT') {
    answers.push(JSON.parse(body));
    response.end();
    return;
  }
  const form = new URLSearchParams(body);
  const name = form.get('Action');
  const set = form.get('RuleSetName') ?? undefined;
  response.setHeader('content-type', 'text/xml');
  if (name === 'SetActiveReceiptRuleSet' && set !== undefined && !account.sets.has(set)) {
    response.writeHead(400);
    response.end(
      `<ErrorResponse><Error><Type>Sender</Type><Code>RuleSetDoesNotExist</Code><Message>${set}</Message></Error></ErrorResponse>`,
    );
    return;
  }
  if (name === 'SetActiveReceiptRuleSet') account.active = set;
  const metadata = account.active === undefined ? '' : `<Metadata><Name>${account.active}</Name></Metadata>`;
  response.end(`<${name}Response><${name}Result>${metadata}</${name}Result></${name}Response>`);
});
let url = '';

beforeAll(async () => {
  url = `http://127.0.0.1:${await listen(ses, 0, 'nothing')}`;
  vi.stubEnv('AWS_ENDPOINT_URL', url);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'any');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'any');
});
afterAll(() => {
  ses.close();
  vi.unstubAllEnvs();
});
beforeEach(() => {
  account.active = undefined;
  account.sets = new Set(['millrun', 'shop', 'desk']);
  answers.length = 0;
});

/** What CloudFormation sends; answers the id that it is told. */
async function asked(RequestType: 'Create' | 'Update' | 'Delete', { mayReplace = false, id = '' } = {}): Promise<string> {
  const event = {
    RequestType,
    ...(RequestType !== 'Create' && { PhysicalResourceId: id }),
    ResponseURL: url,
    StackId: 's',
    RequestId: 'r',
    LogicalResourceId: 'Activation',
    ResourceProperties: { ServiceToken: 't', RuleSet: 'millrun', MayReplace: String(mayReplace) },
  };
  await activateRuleSet(event as unknown as CloudFormationCustomResourceEvent);
  return answers.at(-1)?.PhysicalResourceId ?? '';
}

test('an account without an active set has ours, and none again when it goes', async () => {
  const id = await asked('Create');
  expect(account.active).toBe('millrun');
  expect(await asked('Update', { id })).toBe(id);
  await asked('Delete', { id });
  expect(account.active).toBeUndefined();
  expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
});

test('the active set of another system stays, the refusal names it, and the rollback leaves it alone', async () => {
  account.active = 'shop';
  const id = await asked('Create');
  expect(answers[0]).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('"shop" is active') });
  expect(answers[0]?.Reason).toContain('mailReplaceActive=true');
  await asked('Delete', { id });
  expect(account.active).toBe('shop');
});

test('what was active before is given back by a rollback and at the end', async () => {
  account.active = 'shop';
  const id = await asked('Create', { mayReplace: true });
  expect(account.active).toBe('millrun');
  expect(await asked('Update', { id })).toBe(id);
  await asked('Delete', { id });
  expect(account.active).toBe('shop');
});

test('a set that is gone by then is not given back, and one that was activated since stays', async () => {
  account.active = 'shop';
  const id = await asked('Create', { mayReplace: true });
  account.sets.delete('shop');
  await asked('Delete', { id });
  expect(account.active).toBeUndefined();
  account.active = 'desk';
  await asked('Delete', { id });
  expect(account.active).toBe('desk');
});

test('ours, when it was active before, is not given back', async () => {
  account.active = 'millrun';
  await asked('Delete', { id: await asked('Create') });
  expect(account.active).toBeUndefined();
});

test.each([false, true])(
  'an update leaves what was activated by hand since, and so does its rollback (may replace: %s)',
  async (mayReplace) => {
    const id = await asked('Create');
    account.active = 'desk';
    expect(await asked('Update', { id, mayReplace })).toBe(id);
    expect(await asked('Update', { id, mayReplace: !mayReplace })).toBe(id);
    expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(account.active).toBe('desk');
  },
);
