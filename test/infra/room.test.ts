import { expect, test } from 'vitest';
import { parseSettings } from '../../infra/settings.ts';
import { synthesize, type Template } from '../../infra/synth-template.ts';

/** All that adds resources, at once; a queue of the owner adds one, so do ten. */
const everything = synthesize(
  parseSettings({
    mailDomain: 'mail.example.com',
    mailActive: true,
    tracing: true,
    alarmEmail: 'ops@example.com',
    alarmTopicArn: 'arn:aws:sns:eu-west-1:111122223333:pages',
    corsOrigins: ['https://console.example.com'],
    oidcIssuer: 'https://login.example.com',
    oidcClientId: 'millrun',
    keyRateLimit: 5,
    startConcurrency: 10,
    eventBuses: ['default', 'shop=main'],
    inboundQueues: Array.from({ length: 10 }, (_, at) => `arn:aws:sqs:eu-west-1:111122223333:orders-${at}`),
  }),
);

// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const MOST = { resources: 500, outputs: 200, parameters: 200, bytes: 1_048_576 };
/** What the next capabilities are built in. */
const FREE = 50;

const stacks: [string, Template][] = [['the stack', everything], ...Object.entries(everything.Nested)];

test.each(stacks)('%s is within what CloudFormation takes with every setting on, and has room left', (_, stack) => {
  expect(Object.keys(stack.Resources).length).toBeGreaterThan(200);
  expect(Object.keys(stack.Resources).length).toBeLessThanOrEqual(MOST.resources - FREE);
  expect(Object.keys(stack.Outputs ?? {}).length).toBeLessThan(MOST.outputs / 2);
  expect(Object.keys(stack.Parameters ?? {}).length).toBeLessThan(MOST.parameters / 2);
  const { Nested: _nested, ...alone } = { Nested: undefined, ...stack };
  expect(Buffer.byteLength(JSON.stringify(alone, null, 1))).toBeLessThan(MOST.bytes * 0.9);
});

test('the API is within the routes and integrations that API Gateway gives one', () => {
  const types = Object.values(everything.Nested).flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type));
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
  expect(types.filter((type) => type === 'AWS::ApiGatewayV2::Route').length).toBeLessThan(300 - FREE);
  expect(types.filter((type) => type === 'AWS::ApiGatewayV2::Integration').length).toBeLessThan(300 - FREE);
});
