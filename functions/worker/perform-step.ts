import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { engineServices } from '../../shared/aws/services.ts';
import { env } from '../../shared/env.ts';
import { workMessage } from '../../shared/run/work/message.ts';
import { perform } from '../../shared/run/work/perform.ts';
import { configureHttp } from '../../shared/step/http.ts';

const logger = new Logger();
let worker: ReturnType<typeof engineServices> | undefined;

configureHttp({ allowedNetworks: env.allowedNetworks() });

/** Does what a state machine asks for. Errors go back to it under their names. */
export async function handler(message: unknown, context: Context): Promise<unknown> {
  logger.addContext(context);
  worker ??= engineServices();
  return perform(worker, workMessage.parse(message));
}
