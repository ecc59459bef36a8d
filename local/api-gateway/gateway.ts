import { z } from 'zod';
import { propertiesOf } from '../cloudformation/properties.ts';
import type { Resource, Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';

const cors = z.object({
  AllowOrigins: z.array(z.string()).default([]),
  AllowMethods: z.array(z.string()).default([]),
  AllowHeaders: z.array(z.string()).default([]),
  ExposeHeaders: z.array(z.string()).default([]),
  AllowCredentials: z.boolean().default(false),
  MaxAge: z.number().optional(),
});

const api = z.object({ ProtocolType: z.literal('HTTP'), CorsConfiguration: cors.optional() });
const stage = z.object({ StageName: z.literal('$default') });
const integration = z.object({
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.literal('2.0'),
  TimeoutInMillis: z.number().default(30_000),
});
const authorizer = z.object({
  AuthorizerType: z.literal('REQUEST'),
  AuthorizerUri: z.string(),
  AuthorizerPayloadFormatVersion: z.literal('2.0'),
  EnableSimpleResponses: z.literal(true),
  AuthorizerResultTtlInSeconds: z.number().default(0),
  IdentitySource: z.array(z.string()).default([]),
});
const route = z.object({
  RouteKey: z.string(),
  Target: z.string(),
  AuthorizationType: z.enum(['NONE', 'CUSTOM']).default('NONE'),
  AuthorizerId: z.string().optional(),
});

export type Cors = z.infer<typeof cors>;

export interface DeclaredAuthorizer {
  functionArn: string;
  ttlSeconds: number;
  identitySources: string[];
}

export interface DeclaredRoute {
  /** As handlers see it: `GET /v1/runs/{run_id}`. */
  routeKey: string;
  method: string;
  path: string;
  functionArn: string;
  timeoutMs: number;
  authorizer: DeclaredAuthorizer | undefined;
}

export interface Gateway {
  apiId: string;
  cors: Cors | undefined;
  routes: DeclaredRoute[];
}

const isHttp = ({ properties }: Resource) => properties['ProtocolType'] !== 'WEBSOCKET';

/** The HTTP API of the stack. What HTTP APIs can do beyond this is refused, not left out. */
export function declaredGateway(stack: Stack): Gateway {
  const [first, ...more] = stack.ofType('AWS::ApiGatewayV2::Api').filter(isHttp);
  if (!first || more.length > 0)
    throw new TemplateRefused(`The stack declares ${more.length + (first ? 1 : 0)} HTTP APIs; one is served`);
  const own = (type: string) => stack.ofType(type).filter(({ properties }) => (properties['ApiId'] ?? first.name) === first.name);
  for (const resource of own('AWS::ApiGatewayV2::Stage')) propertiesOf(resource, stage);
  const integrations = byName(integration, own('AWS::ApiGatewayV2::Integration'));
  const authorizers = byName(authorizer, own('AWS::ApiGatewayV2::Authorizer'));

  const routes = own('AWS::ApiGatewayV2::Route').map((resource) => {
    const { RouteKey, Target, AuthorizationType, AuthorizerId } = propertiesOf(resource, route);
    const target = integrations.get(Target.replace(/^integrations\//, ''));
    const guard = AuthorizationType === 'CUSTOM' ? authorizers.get(AuthorizerId ?? '') : undefined;
    if (!target || (AuthorizationType === 'CUSTOM' && !guard))
      throw new TemplateRefused(`${resource.logicalId} has no integration or authorizer here`);
    const [method = '', path = ''] = RouteKey.split(' ');
    return {
      routeKey: RouteKey,
      method,
      path,
      functionArn: target.IntegrationUri,
      timeoutMs: target.TimeoutInMillis,
      authorizer: guard && {
        functionArn: functionOf(guard.AuthorizerUri),
        ttlSeconds: guard.AuthorizerResultTtlInSeconds,
        identitySources: guard.IdentitySource,
      },
    };
  });
  return { apiId: first.name, cors: propertiesOf(first, api).CorsConfiguration, routes };
}

/** `arn:aws:apigateway:<region>:lambda:path/2015-03-31/functions/<function ARN>/invocations` */
export function functionOf(uri: string): string {
  return /\/functions\/(.+)\/invocations$/.exec(uri)?.[1] ?? uri;
}

function byName<T>(schema: z.ZodType<T>, resources: Resource[]): Map<string, T> {
  return new Map(resources.map((resource) => [resource.name, propertiesOf(resource, schema)]));
}
