import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Duration, NestedStack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Operation } from '../shared/edge/route.ts';
import { acknowledge } from './acknowledge.ts';
import type { AppFunction } from './app-function.ts';
import { removalPolicyOf, type Settings } from './settings.ts';

export interface RunsApiProps {
  readonly settings: Settings;
  readonly routes: readonly Pick<Operation, 'method' | 'path' | 'entry' | 'open'>[];
  readonly functions: ReadonlyMap<string, AppFunction>;
  readonly authorize: AppFunction;
}

/**
 * The HTTP API: every route of the route table, closed unless the table opens it. Routes are a third of all resources, and a stack has 500 at most: they are
 * nested.
 */
export class RunsApi extends NestedStack {
  readonly api: HttpApi;
  readonly stage: HttpStage;

  constructor(scope: Construct, id: string, { settings, routes, functions, authorize }: RunsApiProps) {
    super(scope, id, { description: 'Millrun: the HTTP API and its routes' });

    this.api = new HttpApi(this, 'Api', {
      apiName: settings.prefix,
      createDefaultStage: false,
      // No identity source and no cache: every request reaches the authorizer, which alone says what is wrong with a credential.
      defaultAuthorizer: new HttpLambdaAuthorizer('Authorizer', authorize, {
        responseTypes: [HttpLambdaResponseType.SIMPLE],
        identitySource: [],
        resultsCacheTtl: Duration.seconds(0),
      }),
      ...corsOf(settings),
    });

    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: settings.logRetentionDays,
      removalPolicy: removalPolicyOf(settings),
    });
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      detailedMetricsEnabled: true,
      throttle: { rateLimit: settings.apiRateLimit, burstLimit: settings.apiBurstLimit },
      accessLogSettings: { destination: new LogGroupLogDestination(accessLog), format: AccessLogFormat.custom(accessLogLine) },
    });

    const integrations = new Map(
      [...functions].map(([entry, fn]) => [entry, new HttpLambdaIntegration(entry, fn, { scopePermissionToRoute: false })]),
    );
    for (const { method, path, entry, open } of routes) {
      const integration = integrations.get(entry);
      if (!integration) throw new Error(`${method} ${path} is served by functions/${entry}, which is not deployed.`);

      const [route] = this.api.addRoutes({
        path,
        methods: [HttpMethod[method]],
        integration,
        ...(open && { authorizer: new HttpNoneAuthorizer() }),
      });
      if (open && route)
        acknowledge(
          route,
          'APIG4',
          'Open by the route table: it tells nothing that is not public, or verifies signatures itself.',
        );
    }
  }
}

// Without the path: that of a webhook is a credential.
const accessLogLine = JSON.stringify({
  time: '$context.requestTime',
  requestId: '$context.requestId',
  ip: '$context.identity.sourceIp',
  route: '$context.routeKey',
  status: '$context.status',
  bytes: '$context.responseLength',
  latencyMs: '$context.responseLatency',
  integrationLatencyMs: '$context.integrationLatency',
  error: '$context.error.message',
  authorizerError: '$context.authorizer.error',
  integrationError: '$context.integrationErrorMessage',
});

function corsOf({ corsOrigins }: Settings) {
  if (corsOrigins.length === 0) return {};
  return {
    corsPreflight: {
      allowOrigins: corsOrigins,
      allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST, CorsHttpMethod.PUT, CorsHttpMethod.PATCH, CorsHttpMethod.DELETE],
      allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match', 'x-api-key', 'x-member'],
      exposeHeaders: ['etag', 'idempotent-replay', 'retry-after'],
      maxAge: Duration.hours(1),
    },
  };
}
