import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseSettings } from '../../infra/settings.ts';
import { type Resource, synthesize, type WholeTemplate } from '../../infra/synth-template.ts';

const account = '111122223333';
/** The regions that docs/deploy.md shows side by side. */
const regions = { US: 'us-east-1', EU: 'eu-central-1', UK: 'eu-west-2' };

/** Installations with all that can be switched on. */
const templates = new Map(
  Object.values(regions).map((region) => {
    const settings = { mailDomain: `${region}.example.com`, mailActive: true, tracing: true, alarmEmail: 'ops@example.com' };
    return [region, synthesize(parseSettings(settings), { account, region })];
  }),
);

/** The property in which a resource of the type has the name that we give it, where such a name is one of its region alone. */
const REGIONAL_NAMES: Record<string, string> = {
  'AWS::Events::EventBus': 'Name',
  'AWS::ApiGatewayV2::Api': 'Name',
  'AWS::ApiGatewayV2::Authorizer': 'Name',
  'AWS::ApiGatewayV2::Stage': 'StageName',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::Lambda::Alias': 'Name',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::SES::EmailIdentity': 'EmailIdentity',
  'AWS::SES::ReceiptRuleSet': 'RuleSetName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Scheduler::ScheduleGroup': 'Name',
  'AWS::StepFunctions::StateMachine': 'StateMachineName',
};
/** Their names are those of the whole account, or of the whole world. */
const GLOBAL_NAMES: Record<string, string[]> = {
  'AWS::CloudWatch::Dashboard': ['DashboardName'],
  'AWS::IAM::Group': ['GroupName'],
  'AWS::IAM::InstanceProfile': ['InstanceProfileName'],
  'AWS::IAM::ManagedPolicy': ['ManagedPolicyName'],
  'AWS::IAM::Role': ['RoleName'],
  'AWS::IAM::User': ['UserName'],
  'AWS::S3::Bucket': ['BucketName'],
};
/** What a name is said to be, beside names of other things. */
const OWN_NAME = /^(Name|\w+Name|EmailIdentity)$/;
const NAMES_OF_OTHERS = new Set(['MetricName', 'PolicyName', 'RuleSetName', 'FunctionName', 'ServiceToken', 'ParameterName']);

const resources = [...templates].flatMap(([region, { Resources, Nested }]) =>
  [Resources, ...Object.values(Nested).map((nested) => nested.Resources)]
    .flatMap(Object.entries<Resource>)
    .map(([id, { Type, Properties = {} }]) => ({ region, id, Type, Properties })),
);

/** With the pseudo parameters of the region filled in, as CloudFormation does. */
const filledIn = (value: unknown, region: string) =>
  JSON.stringify(value).replaceAll('{"Ref":"AWS::Region"}', `"${region}"`).replaceAll('{"Ref":"AWS::AccountId"}', `"${account}"`);

/** Versions of functions are named after their code and configuration, of which the region is a part. */
const comparable = (template: WholeTemplate, region: string) =>
  JSON.stringify(template)
    .replaceAll(region, 'REGION')
    .replaceAll(/[0-9a-f]{32,64}/g, 'DIGEST');

describe('the same installation in several regions of one account', () => {
  test('has no name twice that is one of the whole account', () => {
    const names = resources.flatMap(({ Type, Properties, region }) =>
      (GLOBAL_NAMES[Type] ?? [])
        .filter((property) => Properties[property] !== undefined)
        .map((property) => `${Type} ${filledIn(Properties[property], region)}`),
    );
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  test('leaves the names of roles and buckets to CloudFormation', () => {
    const named = resources.filter(
      ({ Properties }) => Properties['RoleName'] ?? Properties['BucketName'] ?? Properties['ManagedPolicyName'],
    );
    expect(named.filter(({ Type }) => Type.startsWith('AWS::IAM::') || Type === 'AWS::S3::Bucket')).toEqual([]);
  });

  test('names nothing else of which it is not known that the name is one of its region', () => {
    const unknown = resources.flatMap(({ Type, Properties }) =>
      Object.keys(Properties)
        .filter((property) => OWN_NAME.test(property) && !NAMES_OF_OTHERS.has(property))
        .filter((property) => REGIONAL_NAMES[Type] !== property && !GLOBAL_NAMES[Type]?.includes(property))
        .filter((property) => typeof Properties[property] === 'string')
        .map((property) => `${Type} ${property}`),
    );
    expect([...new Set(unknown)]).toEqual([]);
  });

  test('differs in nothing but the region and its mail domain', () => {
    const same = [...templates].map(([region, template]) => comparable(template, region));
    expect(new Set(same).size).toBe(1);
  });

  test('names no other region, and reads nothing of other stacks', () => {
    for (const [region, template] of templates) {
      const text = JSON.stringify(template);
      const others = Object.values(regions).filter((other) => other !== region);
      expect(others.filter((other) => text.includes(other))).toEqual([]);
      expect(text).not.toContain('Fn::ImportValue');
      expect(Object.values(template.Outputs ?? {}).filter((output) => 'Export' in output)).toEqual([]);
    }
  });

  test('is what docs/deploy.md shows', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/deploy.md'), 'utf8');
    for (const [name, region] of Object.entries(regions)) expect(page).toMatch(new RegExp(`^\\| ${name} \\| \`${region}\``, 'm'));
  });
});
