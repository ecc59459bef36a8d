import { CfnApi, CfnIntegration, CfnRoute, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { AppFunction } from './app-function.ts';
import type { Settings } from './settings.ts';
import { signInOf } from './settings.ts';
import type { Stores } from './stores.ts';

export interface LiveApiProps {
  readonly settings: Settings;
  readonly stores: Stores;
  /** Tells those who listen. */
  readonly follow: AppFunction;
  /** Lets steps speak to them. */
  readonly worker: AppFunction;
}

const STAGE = 'live';

/** Where clients listen to what happens to runs: a WebSocket API of its own. */
export class LiveApi extends Construct {
  readonly serve: AppFunction;
  readonly url: string;

  constructor(scope: Construct, id: string, { settings, stores, follow, worker }: LiveApiProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const { partition, region, urlSuffix } = stack;
    const signIn = signInOf(settings);
    this.serve = new AppFunction(this, 'Serve', {
      settings,
      entry: 'live/serve-connections',
      description: 'Does what those who listen ask for',
      timeout: Duration.seconds(29),
      ...(signIn && { environment: { SIGN_IN: JSON.stringify(signIn) } }),
    });
    const api = new CfnApi(this, 'Api', {
      name: `${settings.prefix}-live`,
      protocolType: 'WEBSOCKET',
      routeSelectionExpression: '$request.body.action',
    });
    const integration = new CfnIntegration(this, 'Integration', {
      apiId: api.ref,
      integrationType: 'AWS_PROXY',
      integrationUri: `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${this.serve.functionArn}/invocations`,
    });
    const stage = new CfnStage(this, 'Stage', { apiId: api.ref, stageName: STAGE, autoDeploy: true });
    for (const routeKey of ['$connect', '$disconnect', '$default']) {
      const target = `integrations/${integration.ref}`;
      const route = new CfnRoute(this, routeKey.slice(1), { apiId: api.ref, routeKey, target, authorizationType: 'NONE' });
      stage.addResourceDependency(route);
      acknowledge(route, 'APIG4', 'A connection can do nothing until its first message has brought a credential that is good.');
    }
    acknowledge(stage, 'APIG1', 'Nothing is asked for by path or header; what goes wrong with a message the function logs.');
    this.serve.addPermission('Connections', {
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: stack.formatArn({ service: 'execute-api', resource: api.ref, resourceName: `${STAGE}/*` }),
    });
    const host = `${api.ref}.execute-api.${region}.${urlSuffix}/${STAGE}`;
    this.url = `wss://${host}`;

    stores.live.allow(this.serve, ['DeleteItem', 'GetItem', 'PutItem', 'UpdateItem']);
    stores.access.allow(this.serve, ['GetItem', 'Query']);
    stores.runs.allow(this.serve, ['GetItem', 'Query']);
    stores.live.allow(follow, ['DeleteItem', 'GetItem', 'Query', 'UpdateItem']);
    stores.access.allow(follow, ['GetItem', 'Query']);
    stores.live.allow(worker, ['GetItem', 'Query']);
    stores.access.allow(worker, ['GetItem', 'Query']);
    for (const fn of [this.serve, follow, worker]) {
      fn.addEnvironment('LIVE_CALLBACK_URL', `https://${host}`);
      fn.allow({
        actions: ['execute-api:ManageConnections'],
        resources: [
          stack.formatArn({
            service: 'execute-api',
            resource: api.ref,
            resourceName: `${STAGE}/*/@connections/*`,
          }),
        ],
        because: 'Any connection of this one API.',
      });
    }
  }
}
