import * as sdk from '@aws-sdk/client-apigatewaymanagementapi';
import * as z from 'zod';
import type { WebSockets } from '../api-gateway/web-sockets.ts';
import { AwsError } from '../aws/aws-error.ts';
import type { Serve } from './intercept.ts';

const message = z.object({ ConnectionId: z.string(), Data: z.string() });
const $metadata = { httpStatusCode: 200, attempts: 1, totalRetryDelay: 0 };

/** Messages to WebSocket connections without a connection from this process to itself. */
export const serveConnections =
  (webSockets: WebSockets | undefined): Serve =>
  async (operation, input) => {
    const parsed = message.safeParse(input).data;
    if (!webSockets || operation !== 'PostToConnection' || !parsed) return undefined;
    try {
      webSockets.post(parsed.ConnectionId, parsed.Data);
      return { $metadata };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const options = { message: error.message, $metadata: { ...$metadata, httpStatusCode: error.status } };
      throw error.name === 'GoneException' ? new sdk.GoneException(options) : new sdk.LimitExceededException(options);
    }
  };
