import { type FlatTemplate, TemplateRefused } from './template.ts';

/** Resource types that the embedded cloud acts on. */
const SERVED = new Set([
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Authorizer',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::CloudFormation::CustomResource',
  'AWS::DynamoDB::GlobalTable',
  'AWS::DynamoDB::Table',
  'AWS::Events::EventBus',
  'AWS::Events::Rule',
  'AWS::KMS::Key',
  'AWS::Lambda::Alias',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::S3::Bucket',
  'AWS::Scheduler::Schedule',
  'AWS::Scheduler::ScheduleGroup',
  'AWS::SES::EmailIdentity',
  'AWS::SES::ReceiptRule',
  'AWS::SES::ReceiptRuleSet',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
  'AWS::StepFunctions::StateMachine',
]);

/** Resource types that have nothing to do here, and why that is no loss. */
const INERT: Record<string, string> = {
  'AWS::CDK::Metadata': 'statistics of the CDK',
  'AWS::CloudWatch::Alarm': 'nobody is on call for this machine',
  'AWS::CloudWatch::CompositeAlarm': 'nobody is on call for this machine',
  'AWS::CloudWatch::Dashboard': 'there are no metrics to show',
  'AWS::IAM::ManagedPolicy': 'everything is allowed',
  'AWS::IAM::Policy': 'everything is allowed',
  'AWS::IAM::Role': 'everything is allowed',
  'AWS::Lambda::Permission': 'everything is allowed',
  'AWS::Lambda::Version': 'there is one version: the source',
  'AWS::Logs::LogGroup': 'functions log to this terminal',
  'AWS::Logs::MetricFilter': 'there are no metrics',
  'AWS::Logs::ResourcePolicy': 'everything is allowed',
  'AWS::Logs::SubscriptionFilter': 'functions log to this terminal',
  'AWS::S3::BucketPolicy': 'everything is allowed',
  'AWS::SecretsManager::ResourcePolicy': 'everything is allowed',
  'AWS::SNS::Subscription': 'topics carry alarms only',
  'AWS::SNS::Topic': 'topics carry alarms only',
  'AWS::SNS::TopicPolicy': 'topics carry alarms only',
  'AWS::SQS::QueuePolicy': 'everything is allowed',
};

/** Refuses a template that holds resource types nobody here knows, all of them by name. */
export function refuseUnknownTypes(resources: FlatTemplate['Resources']): void {
  const unknown = Object.entries(resources).filter(([, { Type }]) => !isKnown(Type));
  if (unknown.length === 0) return;
  const names = unknown.map(([id, { Type }]) => `${Type} (${id})`).join(', ');
  throw new TemplateRefused(`The stack declares what the embedded cloud cannot serve: ${names}`);
}

/** Every custom resource, whatever its type is called. */
export function isCustomResource(type: string): boolean {
  return type === 'AWS::CloudFormation::CustomResource' || type.startsWith('Custom::');
}

function isKnown(type: string): boolean {
  return SERVED.has(type) || type in INERT || isCustomResource(type);
}
