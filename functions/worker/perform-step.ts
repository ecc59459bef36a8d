import { engineServices } from '../../shared/aws/services.ts';
import { env } from '../../shared/env.ts';
import { background } from '../../shared/observe.ts';
import { workMessage } from '../../shared/run/work/message.ts';
import { perform } from '../../shared/run/work/perform.ts';
import { configureHttp } from '../../shared/step/http.ts';

/** Does what a state machine asks for. Errors go back to it under their names. */
export const handler = background(
  workMessage,
  (message, worker) => perform(worker, message),
  () => {
    configureHttp({ allowedNetworks: env.allowedNetworks() });
    return engineServices();
  },
);
