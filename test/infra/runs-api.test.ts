import { describe, expect, test } from 'vitest';
import { routes as apiRoutes } from '../../shared/api/routes.ts';
import { consolePages } from '../../shared/console/operations.http.ts';
import { routeKey } from '../../shared/edge/route.ts';
import { installed, plain } from './installed.ts';

const { ofType, byId, named, template } = installed();
const routes = [...apiRoutes, ...Object.values(consolePages)];
const deployed = ofType('AWS::ApiGatewayV2::Route').filter(({ id }) => id.startsWith('RunsApi'));

/** The entry of the function that a route is handed to. */
function entryOf(target: unknown): unknown {
  const integration = ofType('AWS::ApiGatewayV2::Integration').find(({ id }) => JSON.stringify(target).includes(id));
  const [functionId] = Object(integration?.Properties['IntegrationUri'])['Fn::GetAtt'];
  return byId(functionId)?.Metadata['millrun:entry'];
}

test('the routes are those of the route table, each with its function', () => {
  const found = deployed.map(({ Properties }) => [Properties['RouteKey'], entryOf(Properties['Target'])]);
  const wanted = routes.map((route) => [routeKey(route), `functions/${route.entry}.ts`]);
  expect(found.sort()).toEqual(wanted.sort());
});

describe.each(routes.map((route) => ({ key: routeKey(route), open: route.open ?? false })))('$key', ({ key, open }) => {
  const route = deployed.find(({ Properties }) => Properties['RouteKey'] === key);

  test(open ? 'is open' : 'asks the authorizer', () => {
    const closed = { AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: expect.stringContaining('Authorizer') } };
    expect(route?.Properties).toMatchObject(open ? { AuthorizationType: 'NONE' } : closed);
  });
});

test('the authorizer sees every request, and nobody remembers its answer', () => {
  const [authorizer] = ofType('AWS::ApiGatewayV2::Authorizer');
  expect(authorizer?.Properties).toMatchObject({
    AuthorizerType: 'REQUEST',
    AuthorizerPayloadFormatVersion: '2.0',
    EnableSimpleResponses: true,
    IdentitySource: [],
    AuthorizerResultTtlInSeconds: 0,
  });
  expect(plain(authorizer?.Properties['AuthorizerUri'])).toContain('FunctionsAuthorize.Arn');
});

test('API Gateway may call each function of the API, from this API only', () => {
  const callers = ofType('AWS::Lambda::Permission').filter(
    ({ id, Properties }) => Properties['Principal'] === 'apigateway.amazonaws.com' && !id.startsWith('LiveApi'),
  );
  expect(callers).toHaveLength(new Set(routes.map(({ entry }) => entry)).size + 1);
  for (const { Properties } of callers)
    expect(plain(Properties['SourceArn'])).toMatch(/^arn:aws:execute-api:region:account:RunsApiApi\//);
});

test('requests are logged, for as long as logs are kept, and throttled', () => {
  const { AccessLogSettings, DefaultRouteSettings, StageName } = named('RunsApiStage').Properties;
  expect(StageName).toBe('$default');
  expect(AccessLogSettings).toMatchObject({ DestinationArn: { 'Fn::GetAtt': [named('RunsApiAccessLog').id, 'Arn'] } });
  expect(named('RunsApiAccessLog').Properties).toMatchObject({ RetentionInDays: 30 });
  // The path of a webhook is a credential.
  expect(JSON.stringify(AccessLogSettings)).not.toContain('$context.path');
  expect(DefaultRouteSettings).toMatchObject({
    ThrottlingRateLimit: 500,
    ThrottlingBurstLimit: 1000,
    DetailedMetricsEnabled: true,
  });
});

test('the owner can take more requests, or fewer', () => {
  const { DefaultRouteSettings } = installed({ apiRateLimit: 5000, apiBurstLimit: '8000' }).named('RunsApiStage').Properties;
  expect(DefaultRouteSettings).toMatchObject({ ThrottlingRateLimit: 5000, ThrottlingBurstLimit: 8000 });
});

test('no other origin may call, unless the owner names it', () => {
  expect(named('RunsApiApi').Properties).not.toHaveProperty('CorsConfiguration');

  const opened = installed({ corsOrigins: ['https://console.example.com'] });
  expect(opened.named('RunsApiApi').Properties['CorsConfiguration']).toMatchObject({
    AllowOrigins: ['https://console.example.com'],
    AllowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    AllowHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match', 'x-api-key', 'x-member'],
  });
});

test('the outputs tell where the API is and which secret holds the first key', () => {
  // Without a slash at its end, since paths begin with one.
  expect(template.findOutputs('ApiUrl')).toMatchObject({
    ApiUrl: { Value: { 'Fn::GetAtt': [named('RunsApiApi').id, 'ApiEndpoint'] } },
  });
  expect(template.findOutputs('BootstrapApiKeySecret')).toMatchObject({
    BootstrapApiKeySecret: { Value: { Ref: named('BootstrapApiKeySecret').id } },
  });
});
