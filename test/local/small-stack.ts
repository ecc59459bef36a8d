import { join } from 'node:path';
import { runMachine } from '../../infra/run-machine.ts';
import type { StackSource } from '../../local/cloud.ts';

const entry = { 'millrun:entry': 'echo.ts' };

const lambda = (name: string, handler: string, properties: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName: name,
    Handler: handler,
    Timeout: 1,
    MemorySize: 1024,
    Environment: { Variables: { TABLE: { Ref: 'Things' } } },
    ...properties,
  },
  Metadata: entry,
});

const DRIVE = 'arn:aws:lambda:us-east-1:000000000000:function:drive:live';

const machine = (name: string, type: string, definition: object) => ({
  Type: 'AWS::StepFunctions::StateMachine',
  Properties: { StateMachineName: name, StateMachineType: type, DefinitionString: JSON.stringify(definition), RoleArn: 'any' },
});

const route = (routeKey: string, properties: object = {}) => ({
  Type: 'AWS::ApiGatewayV2::Route',
  Properties: {
    ApiId: { Ref: 'Api' },
    RouteKey: routeKey,
    Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
    ...properties,
  },
});

/** A stack with one of everything, small enough to read. */
export function smallTemplate(more: Record<string, unknown> = {}) {
  return {
    Resources: {
      Things: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: 'things',
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'group', AttributeType: 'S' },
          ],
          GlobalSecondaryIndexes: [
            {
              IndexName: 'by-group',
              KeySchema: [{ AttributeName: 'group', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'ALL' },
            },
          ],
          TimeToLiveSpecification: { Enabled: true, AttributeName: 'expires' },
        },
      },
      Files: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'files' } },
      Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'key', GenerateSecretString: {} } },
      Echo: lambda('echo', 'index.handler'),
      Authorize: lambda('authorize', 'index.authorize'),
      Create: lambda('create', 'index.create'),
      Live: { Type: 'AWS::Lambda::Alias', Properties: { FunctionName: { Ref: 'Echo' }, FunctionVersion: '1', Name: 'live' } },
      Created: {
        Type: 'Custom::Thing',
        Properties: { ServiceToken: { 'Fn::GetAtt': ['Create', 'Arn'] }, Secret: { Ref: 'Secret' } },
      },
      Drive: lambda('drive', 'index.drive'),
      DriveLive: {
        Type: 'AWS::Lambda::Alias',
        Properties: { FunctionName: { Ref: 'Drive' }, FunctionVersion: '1', Name: 'live' },
      },
      Runs: machine('runs', 'EXPRESS', runMachine(DRIVE, { express: true })),
      LongRuns: machine('long-runs', 'STANDARD', runMachine(DRIVE, { express: false })),
      Api: {
        Type: 'AWS::ApiGatewayV2::Api',
        Properties: {
          ProtocolType: 'HTTP',
          CorsConfiguration: {
            AllowOrigins: ['https://console.example'],
            AllowMethods: ['GET', 'POST'],
            AllowHeaders: ['authorization'],
            MaxAge: 60,
          },
        },
      },
      Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: { Ref: 'Api' }, StageName: '$default' } },
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          IntegrationType: 'AWS_PROXY',
          IntegrationUri: { 'Fn::GetAtt': ['Echo', 'Arn'] },
          PayloadFormatVersion: '2.0',
        },
      },
      Authorizer: {
        Type: 'AWS::ApiGatewayV2::Authorizer',
        Properties: {
          AuthorizerType: 'REQUEST',
          AuthorizerPayloadFormatVersion: '2.0',
          EnableSimpleResponses: true,
          IdentitySource: ['$request.header.Authorization'],
          AuthorizerUri: {
            'Fn::Sub': 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Authorize.Arn}/invocations',
          },
        },
      },
      Open: route('GET /{path+}'),
      Posted: route('POST /things'),
      Named: route('ANY /things/{thing_id}/parts/{part}'),
      Guarded: route('GET /guarded', { AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: 'Authorizer' } }),
      ...more,
    },
  };
}

export const smallStack: StackSource = {
  root: join(import.meta.dirname, 'functions'),
  template: async () => smallTemplate(),
};
