import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { installed, plain } from './installed.ts';

const without = installed();
const quiet = installed({ mailDomain: 'mail.example.com' });
const active = installed({ mailDomain: 'mail.example.com', mailActive: true });

const rule = {
  Rule: { Enabled: true, Recipients: ['mail.example.com'], ScanEnabled: true, TlsPolicy: 'Require' },
};
const declared = z.object({ Actions: z.array(z.record(z.string(), z.record(z.string(), z.unknown()))) });
const entriesOf = ({ functions }: typeof quiet) => functions.map(({ Metadata }) => String(Metadata['millrun:entry']));

test('an installation without a mail domain has nothing of SES', () => {
  expect(Object.values(without.json.Resources).filter(({ Type }) => Type.startsWith('AWS::SES::'))).toEqual([]);
  expect(Object.keys(without.json.Outputs ?? {}).filter((name) => name.includes('Record'))).toEqual([]);
});

test('one rule takes all mail of the domain: TLS required, scanned, stored, then handed to the function', () => {
  expect(quiet.ofType('AWS::SES::ReceiptRule')).toHaveLength(1);
  quiet.template.hasResourceProperties('AWS::SES::ReceiptRule', rule);
  const { Actions } = declared.parse(quiet.ofType('AWS::SES::ReceiptRule')[0]?.Properties['Rule']);
  expect(Actions.map((action) => Object.keys(action)[0])).toEqual(['S3Action', 'LambdaAction']);
  expect(Actions[0]?.['S3Action']).toMatchObject({ ObjectKeyPrefix: 'mail/' });
  expect(Actions[1]?.['LambdaAction']).toMatchObject({ InvocationType: 'Event' });
});

test('mail without TLS is refused, unless the owner says otherwise', () => {
  const optional = installed({ mailDomain: 'mail.example.com', mailTls: 'optional' });
  expect(optional.ofType('AWS::SES::ReceiptRule').map(({ Properties }) => Properties)).toMatchObject([
    { Rule: { TlsPolicy: 'Optional' } },
  ]);
});

test('an identity that we make stays when the stack goes, but not when its first deployment fails', () => {
  expect(quiet.named('InboundMailDomain')).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate' });
  const throwaway = installed({ mailDomain: 'mail.example.com', removal: 'destroy' });
  expect(throwaway.named('InboundMailDomain')).toMatchObject({ DeletionPolicy: 'Delete' });
});

test('an identity that is there already is used, and neither made nor deleted', () => {
  const existing = installed({ mailDomain: 'mail.example.com', mailIdentity: 'existing' });
  expect(existing.ofType('AWS::SES::EmailIdentity')).toEqual([]);
  const sending = existing
    .ofType('AWS::IAM::Policy')
    .flatMap(
      ({ Properties }) => (Properties['PolicyDocument'] as { Statement: { Action: unknown; Resource: unknown }[] }).Statement,
    )
    .filter(({ Action }) => Action === 'ses:SendRawEmail');
  expect(new Set(sending.map(({ Resource }) => plain(Resource)))).toEqual(
    new Set(['arn:aws:ses:region:account:identity/mail.example.com']),
  );
  const outputs = Object.keys(existing.json.Outputs ?? {});
  expect(outputs.filter((name) => name.includes('Dkim'))).toEqual([]);
  expect(outputs.some((name) => name.includes('MxRecord'))).toBe(true);
});

test('SES may put mails into the bucket for this account, and nothing else', () => {
  const statements = quiet
    .ofType('AWS::S3::BucketPolicy')
    .flatMap(({ Properties }) => (Properties['PolicyDocument'] as { Statement: Record<string, unknown>[] }).Statement);
  const [ses, ...others] = statements.filter(({ Principal }) => JSON.stringify(Principal).includes('ses.amazonaws.com'));
  expect(others).toEqual([]);
  expect(ses).toMatchObject({
    Effect: 'Allow',
    Action: 's3:PutObject',
    Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
  });
  expect(plain(ses?.['Resource'])).toBe('StoresValues.Arn/mail/*');
});

test('raw mails go when the owner says, values when they are due', () => {
  const rulesOf = (one: typeof quiet) =>
    one.ofType('AWS::S3::Bucket').map(({ Properties }) => Properties['LifecycleConfiguration']);
  expect(rulesOf(quiet)).toMatchObject([
    { Rules: expect.arrayContaining([expect.objectContaining({ Prefix: 'mail/', ExpirationInDays: 90 })]) },
  ]);
  expect(rulesOf(installed({ mailDomain: 'mail.example.com', mailRetentionDays: 14 }))).toMatchObject([
    { Rules: expect.arrayContaining([expect.objectContaining({ Prefix: 'mail/', ExpirationInDays: 14 })]) },
  ]);
});

test('the rule set is activated only when the owner says so', () => {
  expect(entriesOf(quiet)).not.toContain('functions/setup/active-rule-set.ts');
  expect(quiet.ofType('Custom::ActiveReceiptRuleSet')).toEqual([]);
  expect(active.ofType('Custom::ActiveReceiptRuleSet')).toHaveLength(1);
});

test.each([
  [{}, 'false'],
  [{ mailReplaceActive: true }, 'true'],
])('with %j the rule set may take the place of another one: %s', (settings, mayReplace) => {
  const one = installed({ mailDomain: 'mail.example.com', mailActive: true, ...settings });
  expect(one.ofType('Custom::ActiveReceiptRuleSet').map(({ Properties }) => Properties)).toMatchObject([
    { MayReplace: mayReplace },
  ]);
});

test('a canary flies every fifteen minutes once mail is active, and its silence is an alarm', () => {
  expect(entriesOf(quiet)).not.toContain('functions/timer/send-canary.ts');
  expect(active.ofType('AWS::Scheduler::Schedule').map(({ Properties }) => Properties['ScheduleExpression'])).toContain(
    'rate(15 minutes)',
  );
  const alarms = active.ofType('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties['AlarmName']);
  expect(alarms).toEqual(expect.arrayContaining(['millrun-mail-errors', 'millrun-mail-canary', 'millrun-mail-canary-silent']));
  const never = installed({ mailDomain: 'mail.example.com', mailActive: true, mailCanaryMinutes: 0 });
  expect(entriesOf(never)).not.toContain('functions/timer/send-canary.ts');
});

test('alarms about mail have their pages in the runbook', () => {
  const runbook = readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8');
  const pages = active
    .ofType('AWS::CloudWatch::Alarm')
    .map(({ Properties }) => /runbook\.md#([a-z-]+)$/.exec(String(Properties['AlarmDescription']))?.[1]);
  for (const page of pages.filter((one) => one?.startsWith('mail'))) expect(runbook).toContain(`\n## ${page}\n`);
});

test('the DNS records to make are printed', () => {
  const outputs = Object.values(quiet.json.Outputs ?? {}).map(({ Value }) => plain(Value));
  expect(outputs).toContain('mail.example.com MX 10 inbound-smtp.region.amazonaws.com');
  expect(outputs.filter((value) => value.includes(' CNAME '))).toHaveLength(3);
  expect(outputs).toContain('_dmarc.mail.example.com TXT "v=DMARC1; p=reject"');
});

test('whoever sends mail may send it for the domain alone', () => {
  const sending = active
    .ofType('AWS::IAM::Policy')
    .flatMap(
      ({ Properties }) => (Properties['PolicyDocument'] as { Statement: { Action: unknown; Resource: unknown }[] }).Statement,
    )
    .filter(({ Action }) => JSON.stringify(Action).includes('ses:Send'));
  expect(sending).toHaveLength(7);
  for (const { Action, Resource } of sending) {
    expect(Action).toBe('ses:SendRawEmail');
    expect(plain(Resource)).toMatch(/^arn:aws:ses:region:account:identity\/InboundMailDomain$/);
  }
});

test('a mail that cannot be dealt with is kept in the dead letter queue', () => {
  const receive = active.functions.find(({ Metadata }) => Metadata['millrun:entry'] === 'functions/mail/receive-mail.ts');
  const { TargetArn } = z.object({ TargetArn: z.unknown() }).parse(receive?.Properties['DeadLetterConfig']);
  expect(plain(TargetArn)).toBe('RunRecoveryUndelivered.Arn');
});
