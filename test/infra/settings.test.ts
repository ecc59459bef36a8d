import { App } from 'aws-cdk-lib/core';
import { expect, test } from 'vitest';
import { parseSettings, settingsFromContext } from '../../infra/settings.ts';

test('an owner need not choose anything', () => {
  expect(parseSettings({})).toEqual({
    prefix: 'millrun',
    retentionDays: 90,
    removal: 'retain',
    allowedNetworks: [],
    logRetentionDays: 30,
    tracing: false,
    apiRateLimit: 500,
    apiBurstLimit: 1000,
    bootstrapWorkspace: 'main',
    corsOrigins: [],
    mailIdentity: 'create',
    mailTls: 'require',
    mailActive: false,
    mailReplaceActive: false,
    mailCanaryMinutes: 15,
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
  [{ alarmEmail: 'ops' }, 'alarmEmail: must be an email address'],
])('%o is refused by name', (settings, message) => {
  expect(() => parseSettings(settings)).toThrow(message);
});

test('all that is wrong is said at once', () => {
  expect(() => parseSettings({ prefix: '', retentionDays: -1 })).toThrow(/prefix: .*\n.*retentionDays: /);
});
