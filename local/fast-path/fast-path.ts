import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { WebSockets } from '../api-gateway/web-sockets.ts';
import type { JsonOperations } from '../aws/json-protocol.ts';
import { skipSignatures } from '../aws/unsigned.ts';
import type { DynamoDbProxy } from '../dynamodb/proxy.ts';
import { serveConnections } from './connections.ts';
import { serveDynamoDb } from './dynamodb.ts';
import { intercept } from './intercept.ts';
import { serveStepFunctions } from './step-functions.ts';

interface FastServices {
  dynamodb: DynamoDbProxy;
  stepFunctions: JsonOperations;
  webSockets: WebSockets | undefined;
}

/**
 * Everything that is there for speed alone: what the functions of this process ask of the services of this process takes the short way. Without it
 * (FAST_PATH=off) all goes over HTTP, as it does from elsewhere. Returns how to end it.
 */
export function takeFastPath(port: number, { dynamodb, stepFunctions, webSockets }: FastServices): () => void {
  const ends = [
    skipSignatures(port),
    intercept(
      DynamoDBClient.prototype,
      { port, variable: 'AWS_ENDPOINT_URL_DYNAMODB' },
      serveDynamoDb((...request) => dynamodb.call(...request)),
    ),
    intercept(SFNClient.prototype, { port, variable: 'AWS_ENDPOINT_URL_SFN' }, serveStepFunctions(stepFunctions)),
    intercept(
      ApiGatewayManagementApiClient.prototype,
      { port, variable: 'AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI' },
      serveConnections(webSockets),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}
