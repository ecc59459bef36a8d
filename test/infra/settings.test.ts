import { App } from 'aws-cdk-lib/core';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { parseSettings, type SettingsInput, settingsFromContext } from '../../infra/settings.ts';
import { signInSettings } from '../../shared/access/id-token.ts';
import { rate } from '../../shared/access/rate.ts';
import { installed } from './installed.ts';

test('an owner need not choose anything', () => {
  expect(parseSettings({})).toEqual({
    prefix: 'millrun',
    retentionDays: 90,
    auditRetentionDays: 365,
    removal: 'retain',
    allowedNetworks: [],
    logRetentionDays: 30,
    tracing: false,
    apiRateLimit: 500,
    apiBurstLimit: 1000,
    bootstrapWorkspace: 'main',
    corsOrigins: [],
    oidcEmailClaim: 'email',
    oidcVerifiedClaim: 'email_verified',
    oidcGroupsClaim: 'groups',
    oidcGroups: [],
    mailIdentity: 'create',
    mailTls: 'require',
    mailActive: false,
    mailReplaceActive: false,
    mailCanaryMinutes: 15,
    eventBuses: [],
    inboundQueues: [],
    assumableRoles: [],
  });
});

test('what is typed after -c is text, and read as what it means', () => {
  const app = new App({
    context: {
      prefix: 'acme',
      retentionDays: '30',
      allowedNetworks: '10.0.0.0/8, fd00::/8',
      corsOrigins: '',
      bootstrapProject: '',
      workerConcurrency: '',
      startConcurrency: '40',
    },
  });
  expect(settingsFromContext(app.node)).toMatchObject({
    prefix: 'acme',
    retentionDays: 30,
    allowedNetworks: ['10.0.0.0/8', 'fd00::/8'],
    corsOrigins: [],
    workerConcurrency: undefined,
    startConcurrency: 40,
  });
});

test('what a caller says comes before the context', () => {
  const app = new App({ context: { prefix: 'acme', retentionDays: 30 } });
  expect(settingsFromContext(app.node, { retentionDays: 7 })).toMatchObject({ prefix: 'acme', retentionDays: 7 });
});

test.each([
  [{ prefix: 'Acme_Corp' }, 'prefix: must be 2 to 20 lower case letters'],
  [{ prefix: 'mill-test' }, 'prefix: must be 2 to 20 lower case letters'],
  [{ retentionDays: 'soon' }, 'retentionDays: '],
  [{ retentionDays: 0 }, 'retentionDays: '],
  [{ logRetentionDays: 31 }, 'logRetentionDays: must be one of 1, 3, 5'],
  [{ removal: 'keep' }, 'removal: '],
  [{ tracing: 'some' }, 'tracing: '],
  [{ apiRateLimit: 0 }, 'apiRateLimit: '],
  [{ keyRateLimit: 0 }, 'keyRateLimit: '],
  [{ keyBurstLimit: 5 }, 'keyRateLimit: must be set where keyBurstLimit is'],
  [{ workerConcurrency: 'all' }, 'workerConcurrency: '],
  [{ sweeperConcurrency: 0 }, 'sweeperConcurrency: '],
  [{ allowedNetworks: '10.0.0.0' }, 'allowedNetworks.0: must be a network such as 10.0.0.0/8'],
  [{ bootstrapWorkspace: 'a#b' }, 'bootstrapWorkspace: must be 1 to 64 letters'],
  [{ corsOrigins: 'console.example.com' }, 'corsOrigins.0: must be * or an origin'],
  [{ alarmTopicArn: 'pages' }, 'alarmTopicArn: must be the ARN of an SNS topic'],
  [{ mailDomain: 'localhost' }, 'mailDomain: must be a domain such as mail.example.com'],
  [{ mailDomain: 'Mail.Example.com' }, 'mailDomain: '],
  [{ mailActive: 'perhaps' }, 'mailActive: '],
  [{ mailReplaceActive: 'perhaps' }, 'mailReplaceActive: '],
  [{ mailIdentity: 'mine' }, 'mailIdentity: '],
  [{ mailTls: 'never' }, 'mailTls: '],
  [{ mailCanaryMinutes: 2000 }, 'mailCanaryMinutes: '],
  [{ eventBuses: ['a b'] }, 'eventBuses.0: must be the name of an event bus'],
  [{ eventBuses: 'default,default=other' }, 'must not name two buses called default'],
  [{ assumableRoles: 'arn:aws:iam::111122223333:role/*' }, 'assumableRoles.0: must be the ARN of a role'],
  [{ assumableRoles: 'orders' }, 'assumableRoles.0: must be the ARN of a role'],
  [{ inboundQueues: 'orders' }, 'inboundQueues.0: must be the ARN of a queue'],
  [{ inboundQueues: ['arn:aws:sqs:eu-central-1:111122223333:millrun-inbox'] }, 'must not name two queues called millrun-inbox'],
  [{ inboundQueues: 'arn:aws:sqs:eu-west-1:111122223333:a,arn:aws:sqs:eu-west-1:444455556666:a=two' }, 'two queues called a'],
  [{ alarmEmail: 'ops' }, 'alarmEmail: must be an email address'],
])('%o is refused by name', (settings, message) => {
  expect(() => parseSettings(settings)).toThrow(message);
});

test('all that is wrong is said at once', () => {
  expect(() => parseSettings({ prefix: '', retentionDays: -1 })).toThrow(/prefix: .*\n.*retentionDays: /);
});

test('the owner can bound the requests of each key and member', () => {
  const rateOf = (settings: SettingsInput) => {
    const { Properties } = installed(settings).named('FunctionsAuthorize');
    const { CALLER_RATE } = z.object({ Variables: z.looseObject({}) }).parse(Properties['Environment']).Variables;
    return typeof CALLER_RATE === 'string' ? rate.parse(JSON.parse(CALLER_RATE)) : undefined;
  };
  expect(rateOf({})).toBeUndefined();
  expect(rateOf({ keyRateLimit: 20 })).toEqual({ perSecond: 20, burst: 40 });
  expect(rateOf({ keyRateLimit: '0.5', keyBurstLimit: 3 })).toEqual({ perSecond: 0.5, burst: 3 });
});

describe('the sign-in provider', () => {
  const oidc = { oidcIssuer: 'https://login.example.com/', oidcClientId: 'console' };
  const signIn = (settings: SettingsInput) => {
    const { Properties } = installed(settings).named('FunctionsAuthorize');
    const { SIGN_IN } = z.object({ Variables: z.looseObject({}) }).parse(Properties['Environment']).Variables;
    return typeof SIGN_IN === 'string' ? signInSettings.parse(JSON.parse(SIGN_IN)) : undefined;
  };

  test('is told to the authorizer, to the letter, with the roles of groups', () => {
    expect(signIn({ ...oidc, oidcGroups: ['ops=operator', 'a=b=admin'] })).toEqual({
      issuer: 'https://login.example.com/',
      clientId: 'console',
      emailClaim: 'email',
      verifiedClaim: 'email_verified',
      groupsClaim: 'groups',
      groups: [
        { group: 'ops', role: 'operator' },
        { group: 'a=b', role: 'admin' },
      ],
      workspace: 'main',
    });
    expect(signIn({})).toBeUndefined();
  });

  test('is refused when half of it is missing, or anybody on the way could be it', () => {
    expect(() => parseSettings({ oidcIssuer: oidc.oidcIssuer })).toThrow(/oidcClientId: must be set where oidcIssuer is/);
    expect(() => parseSettings({ oidcClientId: 'console' })).toThrow(/oidcIssuer: must be set/);
    for (const oidcIssuer of [
      'http://login.example.com',
      'login.example.com',
      'http://127.0.0.1.evil.example',
      'ftp://127.0.0.1',
    ])
      expect(() => parseSettings({ ...oidc, oidcIssuer })).toThrow(/oidcIssuer: must be a URL with https/);
    expect(() => parseSettings({ ...oidc, oidcIssuer: 'https://x.example/?a=1' })).toThrow(/no query/);
    expect(parseSettings({ ...oidc, oidcIssuer: 'http://127.0.0.1:9000' }).oidcIssuer).toBe('http://127.0.0.1:9000');
  });

  test.each(['ops', '=admin', 'ops=root', 'ops='])('the group "%s" is refused', (group) => {
    expect(() => parseSettings({ ...oidc, oidcGroups: [group] })).toThrow(/oidcGroups.0: must be a group and its role/);
  });
});
