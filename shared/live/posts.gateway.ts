import {
  type ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GoneException,
  LimitExceededException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { Posted, Posts } from './live.ts';

/** Connections that API Gateway holds. */
export class GatewayPosts implements Posts {
  readonly #client: () => ApiGatewayManagementApiClient;

  constructor(client: () => ApiGatewayManagementApiClient) {
    this.#client = client;
  }

  async post(ConnectionId: string, message: object): Promise<Posted> {
    try {
      await this.#client().send(new PostToConnectionCommand({ ConnectionId, Data: JSON.stringify(message) }));
      return 'sent';
    } catch (error) {
      if (error instanceof GoneException) return 'gone';
      if (error instanceof LimitExceededException) return 'slow';
      throw error;
    }
  }

  async close(ConnectionId: string): Promise<void> {
    await this.#client()
      .send(new DeleteConnectionCommand({ ConnectionId }))
      .catch((error: unknown) => {
        if (!(error instanceof GoneException)) throw error;
      });
  }
}
