import { engineServices } from '../../shared/aws/services.ts';
import { env } from '../../shared/env.ts';
import { type Run, refOf } from '../../shared/run/model/run.ts';
import { type MessageOf, workMessage } from '../../shared/run/work/message.ts';
import { perform } from '../../shared/run/work/perform.ts';
import { configureHttp } from '../../shared/step/http.ts';

/** The engine over the services of the cloud in this process, for tests that need to hold a walk or an event in their hands. */
export function engine() {
  configureHttp(env.stepNetwork());
  const services = engineServices();
  return {
    ...services,
    /** The run as its row has it. */
    async run(id: string): Promise<Run> {
      const run = await services.runs.get(id);
      if (!run) throw new Error(`There is no run ${id}.`);
      return run;
    },
    /** What a state machine would say to the worker. */
    async work(
      id: string,
      step: string,
      op: 'step' | 'enter' | 'exit' = 'step',
      more: Partial<MessageOf<'step'>> = {},
    ): Promise<unknown> {
      return perform(services, workMessage.parse({ op, step, run: refOf(await this.run(id)), scope: '', ...more }));
    },
  };
}
