import { expect, test } from 'vitest';
import { installed, plain } from './installed.ts';

const { ofType, json } = installed();
const own = (type: string) => ofType(type).filter(({ id }) => id.startsWith('LiveApi'));

test('one function serves all that connections bring, and only this API may call it', () => {
  expect(own('AWS::ApiGatewayV2::Api').map(({ Properties }) => Properties['ProtocolType'])).toEqual(['WEBSOCKET']);
  expect(own('AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties['RouteKey'])).toEqual([
    '$connect',
    '$disconnect',
    '$default',
  ]);
  expect(own('AWS::ApiGatewayV2::Integration').map(({ Properties }) => plain(Properties['IntegrationUri']))).toEqual([
    'arn:aws:apigateway:region:lambda:path/2015-03-31/functions/LiveApiServe.Arn/invocations',
  ]);
  expect(own('AWS::Lambda::Permission').map(({ Properties }) => plain(Properties['SourceArn']))).toEqual([
    'arn:aws:execute-api:region:account:LiveApi/live/*',
  ]);
});

test('browsers are told where it is', () => {
  const [members] = ofType('AWS::Lambda::Function').filter(
    ({ Metadata }) => Metadata['millrun:entry'] === 'functions/api/members.ts',
  );
  const { Variables } = Object(members?.Properties['Environment']);
  expect(plain(Variables['LIVE_URL'])).toMatch(/^wss:\/\/LiveApi\.execute-api\.region\..+\/live$/);
  expect(Object.keys(Object(json)['Outputs'])).toContain('LiveUrl');
});
