import { ACCOUNT, arn } from '../aws/account.ts';
import { TemplateRefused } from './template.ts';

/** What `Ref` and `Fn::GetAtt` answer for one resource. */
export interface Identity {
  ref: string;
  attributes: Record<string, string>;
}

/** A resource before its name is known: `property` gives a resolved property as text, `unique` a name of our own making. */
export interface Unnamed {
  logicalId: string;
  unique: string;
  property(name: string): string | undefined;
}

type Identify = (resource: Unnamed) => Identity;

const named =
  (property: string, toArn: (name: string) => string): Identify =>
  ({ property: read, unique }) => {
    const name = read(property) ?? unique;
    return { ref: name, attributes: { Arn: toArn(name) } };
  };

const IDENTITIES: Record<string, Identify> = {
  'AWS::DynamoDB::Table': (resource) => table(resource),
  'AWS::DynamoDB::GlobalTable': (resource) => table(resource),
  'AWS::S3::Bucket': ({ property, unique }) => {
    const name = property('BucketName') ?? unique.toLowerCase().slice(0, 63);
    const domain = `${name}.s3.amazonaws.com`;
    return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}`, DomainName: domain, RegionalDomainName: domain } };
  },
  'AWS::Lambda::Function': named('FunctionName', (name) => arn('lambda', `function:${name}`)),
  'AWS::Lambda::Version': ({ property }) => ({
    ref: `${functionArn(property('FunctionName') ?? '')}:1`,
    attributes: { Version: '1', FunctionArn: `${functionArn(property('FunctionName') ?? '')}:1` },
  }),
  'AWS::Lambda::Alias': ({ property }) => ({
    ref: `${functionArn(property('FunctionName') ?? '')}:${property('Name')}`,
    attributes: { AliasArn: `${functionArn(property('FunctionName') ?? '')}:${property('Name')}` },
  }),
  'AWS::IAM::Role': ({ property, unique }) => {
    const name = property('RoleName') ?? unique;
    return { ref: name, attributes: { Arn: arn('iam', `role/${name}`, { region: '' }), RoleId: name } };
  },
  'AWS::Logs::LogGroup': named('LogGroupName', (name) => `${arn('logs', `log-group:${name}`)}:*`),
  'AWS::SecretsManager::Secret': ({ property, unique }) => {
    const name = arn('secretsmanager', `secret:${property('Name') ?? unique}`);
    return { ref: name, attributes: { Id: name } };
  },
  'AWS::Events::EventBus': named('Name', (name) => arn('events', `event-bus/${name}`)),
  'AWS::Events::Rule': named('Name', (name) => arn('events', `rule/${name}`)),
  'AWS::KMS::Key': ({ unique }) => ({ ref: unique, attributes: { Arn: arn('kms', `key/${unique}`), KeyId: unique } }),
  'AWS::SES::EmailIdentity': ({ property, unique }) => ({ ref: property('EmailIdentity') ?? unique, attributes: {} }),
  'AWS::SNS::Topic': ({ property, unique }) => {
    const name = property('TopicName') ?? unique;
    return { ref: arn('sns', name), attributes: { TopicArn: arn('sns', name), TopicName: name } };
  },
  'AWS::SQS::Queue': ({ property, unique }) => {
    const name = property('QueueName') ?? unique;
    return {
      ref: `https://sqs.us-east-1.amazonaws.com/${ACCOUNT}/${name}`,
      attributes: { Arn: arn('sqs', name), QueueName: name },
    };
  },
  'AWS::Scheduler::ScheduleGroup': named('Name', (name) => arn('scheduler', `schedule-group/${name}`)),
  'AWS::Scheduler::Schedule': ({ property, unique }) => {
    const name = property('Name') ?? unique;
    return { ref: name, attributes: { Arn: arn('scheduler', `schedule/${property('GroupName') ?? 'default'}/${name}`) } };
  },
  'AWS::StepFunctions::StateMachine': ({ property, unique }) => {
    const name = property('StateMachineName') ?? unique;
    const machine = arn('states', `stateMachine:${name}`);
    return { ref: machine, attributes: { Arn: machine, Name: name } };
  },
  'AWS::ApiGatewayV2::Api': ({ unique }) => {
    const id = unique.toLowerCase();
    return { ref: id, attributes: { ApiId: id, ApiEndpoint: `https://${id}.execute-api.us-east-1.amazonaws.com` } };
  },
};

/** The name and the attributes of a resource; a type without an entry has its logical id as name and no attributes. */
export function identify(type: string, resource: Unnamed): Identity {
  return IDENTITIES[type]?.(resource) ?? { ref: resource.unique, attributes: {} };
}

/** One attribute, or a refusal that names it. */
export function attributeOf(type: string, logicalId: string, { ref, attributes }: Identity, name: string): string {
  const value = attributes[name];
  if (value !== undefined) return value;
  if (name === 'Arn') return arn('cloudformation', `${type}/${ref}`);
  throw new TemplateRefused(`${logicalId} (${type}) has no attribute ${name} here`);
}

function table({ property, unique }: Unnamed): Identity {
  const name = property('TableName') ?? unique;
  const tableArn = arn('dynamodb', `table/${name}`);
  return { ref: name, attributes: { Arn: tableArn, StreamArn: `${tableArn}/stream/1`, TableId: name } };
}

function functionArn(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn : arn('lambda', `function:${nameOrArn}`);
}
