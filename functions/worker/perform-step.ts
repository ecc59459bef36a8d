import { engineServices } from '../../shared/aws/services.ts';
import { env } from '../../shared/env.ts';
import { background, logger } from '../../shared/observe.ts';
import { Control } from '../../shared/run/signal.ts';
import { type WorkMessage, workMessage } from '../../shared/run/work/message.ts';
import { perform } from '../../shared/run/work/perform.ts';
import { configureHttp } from '../../shared/step/http.ts';
import { StepError } from '../../shared/step/step-error.ts';

/** What is neither said by a step nor meant for the machine, such as a table that does not answer, is worth another call later. */
function fault(message: WorkMessage, error: unknown): Error {
  if (error instanceof Control || error instanceof StepError) return error;
  logger.error('the worker could not do its work', { run: message.run.id, op: message.op, error });
  return new Control('WorkerFault', 'The worker could not do its work; its log says why.');
}

/** Does what a state machine asks for. Errors go back to it under their names. */
export const handler = background(
  workMessage,
  (message, worker) =>
    perform(worker, message).catch((error: unknown) => {
      throw fault(message, error);
    }),
  () => {
    configureHttp(env.stepNetwork());
    return engineServices();
  },
);
