import { expect, test } from 'vitest';
import { declaredGateway } from '../../local/api-gateway/gateway.ts';
import { resolve } from '../../local/cloudformation/intrinsics.ts';
import { Stack } from '../../local/cloudformation/stack.ts';
import { declaredFunctions, mergedEnvironment } from '../../local/lambda/declared.ts';
import { declaredSchedules } from '../../local/scheduler/declared.ts';
import { declaredQueues } from '../../local/sqs/declared.ts';
import { smallTemplate } from './small-stack.ts';

const values: Record<string, unknown> = {
  'AWS::Region': 'us-east-1',
  'AWS::NoValue': undefined,
  Name: 'n',
  List: ['a', 'b', 'c'],
};
const scope = {
  ref: (name: string) => values[name],
  attribute: (resource: string, name: string) => `${resource}/${name}`,
  condition: (name: string) => name === 'Yes',
  mapping: (map: string, first: string, second: string) => `${map}-${first}-${second}`,
};

test.each([
  [{ Ref: 'Name' }, 'n'],
  [{ 'Fn::GetAtt': ['Table', 'Arn'] }, 'Table/Arn'],
  [{ 'Fn::GetAtt': 'Table.Stream.Arn' }, 'Table/Stream.Arn'],
  [{ 'Fn::Join': ['-', ['a', { Ref: 'Name' }, 1]] }, 'a-n-1'],
  [{ 'Fn::Join': [',', { Ref: 'List' }] }, 'a,b,c'],
  [{ 'Fn::Select': ['1', { Ref: 'List' }] }, 'b'],
  [{ 'Fn::Split': ['-', { 'Fn::Join': ['-', { Ref: 'List' }] }] }, ['a', 'b', 'c']],
  [{ 'Fn::Sub': '${Name}-${AWS::Region}-${Table.Arn}-${!Literal}' }, 'n-us-east-1-Table/Arn-${Literal}'],
  [{ 'Fn::Sub': ['${Own}-${Name}', { Own: { Ref: 'Name' } }] }, 'n-n'],
  [{ 'Fn::If': ['Yes', 1, 2] }, 1],
  [{ 'Fn::If': ['No', 1, { Ref: 'AWS::NoValue' }] }, undefined],
  [{ 'Fn::Equals': [{ Ref: 'Name' }, 'n'] }, true],
  [{ 'Fn::And': [{ Condition: 'Yes' }, { 'Fn::Not': [{ Condition: 'No' }] }] }, true],
  [{ 'Fn::Or': [{ Condition: 'No' }, { 'Fn::Equals': ['a', 'b'] }] }, false],
  [{ 'Fn::FindInMap': ['M', { Ref: 'Name' }, 'x'] }, 'M-n-x'],
  [{ 'Fn::Base64': { Ref: 'Name' } }, 'bg=='],
  [{ kept: { deep: [{ Ref: 'Name' }, { Ref: 'AWS::NoValue' }] }, gone: { Ref: 'AWS::NoValue' } }, { kept: { deep: ['n'] } }],
  [
    { Ref: 'Name', Other: 1 },
    { Ref: 'Name', Other: 1 },
  ],
])('%j comes to %j', (value, expected) => {
  expect(resolve(value, scope)).toEqual(expected);
});

test('an intrinsic that nobody knows is refused by name', () => {
  expect(() => resolve({ 'Fn::ImportValue': 'x' }, scope)).toThrow('Fn::ImportValue is not served');
});

test('names come from the template, and where it gives none from the logical id', () => {
  const stack = new Stack({
    Parameters: { Size: { Type: 'String', Default: 'big' } },
    Conditions: { Never: { 'Fn::Equals': [1, 2] } },
    Resources: {
      Named: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { 'Fn::Join': ['-', ['files', { Ref: 'Size' }]] } } },
      Unnamed: { Type: 'AWS::S3::Bucket' },
      Absent: { Type: 'AWS::SQS::Oddity', Condition: 'Never' },
      Role: { Type: 'AWS::IAM::Role', Properties: { Description: { 'Fn::GetAtt': ['Named', 'Arn'] } } },
    },
  });
  expect(stack.resources.map(({ name }) => name)).toEqual(['files-big', 'millrun-unnamed', 'millrun-Role']);
  expect(stack.resources[2]?.properties).toEqual({ Description: 'arn:aws:s3:::files-big' });
});

const nestedStack = (Parameters: object) => ({
  Type: 'AWS::CloudFormation::Stack',
  Properties: { Parameters, TemplateURL: 'x' },
});

test('what a nested stack holds stands among the resources: parameters go in, outputs come out', () => {
  const stack = new Stack({
    Resources: {
      PagesNestedStack1: nestedStack({ Files: { 'Fn::GetAtt': ['Files', 'Arn'] } }),
      Files: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'files' } },
      Role: { Type: 'AWS::IAM::Role', Properties: { Description: { 'Fn::GetAtt': ['PagesNestedStack1', 'Outputs.PagesArn'] } } },
    },
    Nested: {
      PagesNestedStack1: {
        Parameters: { Files: { Type: 'String' } },
        Resources: {
          Files1: {
            Type: 'AWS::S3::Bucket',
            Properties: { BucketName: { 'Fn::Join': ['-', ['pages', { Ref: 'AWS::Region' }]] } },
          },
          Role: { Type: 'AWS::IAM::Role', Properties: { Description: { Ref: 'Files' }, Bucket: { Ref: 'Files1' } } },
        },
        Outputs: { PagesArn: { Value: { 'Fn::GetAtt': ['Files1', 'Arn'] } } },
      },
    },
  });
  const described = Object.fromEntries(stack.resources.map(({ logicalId, properties }) => [logicalId, properties]));
  expect(described).toEqual({
    Files: { BucketName: 'files' },
    Role: { Description: 'arn:aws:s3:::pages-us-east-1' },
    PagesFiles1: { BucketName: 'pages-us-east-1' },
    PagesRole: { Description: 'arn:aws:s3:::files', Bucket: 'pages-us-east-1' },
  });
});

test.each([
  [{ Conditions: { Never: { 'Fn::Equals': [1, 2] } } }, 'Conditions of the nested stack PagesNestedStack1 are not served'],
  [
    { Resources: { Role: { Type: 'AWS::IAM::Role', Properties: { Description: { 'Fn::Sub': 'a' } } } } },
    'Fn::Sub is not served in a nested stack (PagesNestedStack1)',
  ],
])('a nested stack with %j is refused', (more, message) => {
  const Nested = { PagesNestedStack1: { Resources: {}, ...more } };
  expect(() => new Stack({ Resources: { PagesNestedStack1: nestedStack({}) }, Nested })).toThrow(message);
});

test('a nested stack whose template is not at hand is refused by name', () => {
  expect(() => new Stack({ Resources: { Pages: nestedStack({}) } })).toThrow('cannot serve: AWS::CloudFormation::Stack (Pages)');
});

test('every resource that cannot be served is refused, all of them by name', () => {
  const more = { Cache: { Type: 'AWS::ElastiCache::CacheCluster' }, Feed: { Type: 'AWS::Kinesis::Stream' } };
  expect(() => new Stack(smallTemplate(more))).toThrow(
    'cannot serve: AWS::ElastiCache::CacheCluster (Cache), AWS::Kinesis::Stream (Feed)',
  );
});

const small = (more: object = {}) => new Stack(smallTemplate({ ...more }));
const lambda = (Variables: object, properties: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: { Handler: 'index.handler', Environment: { Variables }, ...properties },
  Metadata: { 'millrun:entry': 'echo.ts' },
});
const declared = (stack: Stack) => declaredFunctions(stack, (name) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`);
const schedules = (stack: Stack) => declaredSchedules(stack, (target) => declared(stack).some(({ arn }) => arn === target));
const schedule = (expression: string, target: object) => ({
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    ScheduleExpression: expression,
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: { 'Fn::GetAtt': ['Echo', 'Arn'] }, RoleArn: 'any', ...target },
  },
});
const queue = 'arn:aws:sqs:us-east-1:000000000000:queue';

test.each([
  [
    'an HTTP API with another payload format',
    () =>
      declaredGateway(
        small({
          Integration: {
            Type: 'AWS::ApiGatewayV2::Integration',
            Properties: { IntegrationType: 'AWS_PROXY', IntegrationUri: 'x', PayloadFormatVersion: '1.0' },
          },
        }),
      ),
    /Integration .*PayloadFormatVersion/,
  ],
  [
    'a named stage',
    () => declaredGateway(small({ Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { StageName: 'dev' } } })),
    /Stage .*StageName/,
  ],
  [
    'a JWT authorizer',
    () =>
      declaredGateway(small({ Authorizer: { Type: 'AWS::ApiGatewayV2::Authorizer', Properties: { AuthorizerType: 'JWT' } } })),
    /Authorizer .*AuthorizerType/,
  ],
  [
    'a second HTTP API',
    () => declaredGateway(small({ Another: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } } })),
    /declares 2 HTTP APIs/,
  ],
  [
    'a schedule for a target that is no function',
    () => schedules(small({ Tick: schedule('rate(1 minute)', { Arn: queue }) })),
    /Tick has the target arn:aws:sqs/,
  ],
  [
    'a schedule of an unknown kind',
    () => schedules(small({ Soon: schedule('soon', {}) })),
    /Soon has the schedule expression soon, which is not served/,
  ],
  [
    'a schedule with parameters of another target',
    () => schedules(small({ Tick: schedule('rate(1 minute)', { SqsParameters: { MessageGroupId: 'a' } }) })),
    /Tick \(AWS::Scheduler::Schedule\).*Target: Unrecognized key: "SqsParameters"/,
  ],
  [
    'a schedule whose dead-letter queue is elsewhere',
    () => schedules(small({ Tick: schedule('rate(1 minute)', { DeadLetterConfig: { Arn: queue } }) })),
    /Tick has the dead-letter queue arn:aws:sqs.*no queue of this stack/,
  ],
  [
    'a retry policy beyond what Scheduler has',
    () => schedules(small({ Tick: schedule('rate(1 minute)', { RetryPolicy: { MaximumRetryAttempts: 186 } }) })),
    /Tick .*Target: RetryPolicy: MaximumRetryAttempts: .*185/,
  ],
  [
    'a function whose dead-letter queue is elsewhere',
    () => declared(small({ Other: lambda({}, { DeadLetterConfig: { TargetArn: queue } }) })),
    /Other has the dead-letter queue arn:aws:sqs/,
  ],
  [
    'a destination for events that were not handled',
    () =>
      declared(
        small({
          Config: {
            Type: 'AWS::Lambda::EventInvokeConfig',
            Properties: { FunctionName: { Ref: 'Echo' }, Qualifier: '$LATEST', DestinationConfig: {} },
          },
        }),
      ),
    /Config \(AWS::Lambda::EventInvokeConfig\).*"DestinationConfig"/,
  ],
  [
    'a queue with an order that its name does not tell',
    () => declaredQueues(small({ Queue: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } } })),
    /Queue is called millrun-Queue: FIFO queues end in .fifo/,
  ],
  [
    'one name with two meanings',
    () => mergedEnvironment(declaredFunctions(small({ Other: lambda({ TABLE: 'elsewhere' }) }), (name) => name)),
    /TABLE is "things" in one function and "elsewhere"/,
  ],
])('%s is refused', (_, bringUp, message) => {
  expect(bringUp).toThrow(message);
});

test('options of Node.js belong to the process and are left to it', () => {
  const functions = declaredFunctions(small({ Other: lambda({ NODE_OPTIONS: '--enable-source-maps' }) }), (name) => name);
  expect(mergedEnvironment(functions)).toEqual({ TABLE: 'things' });
});
