import { setTimeout as sleep } from 'node:timers/promises';
import { StepError } from '../../kernel/step-error.ts';
import type { EmitSpec } from '../../step/emit.ts';
import type { Executor } from '../../step/kind.ts';
import type { Subscribers } from '../../subscription/subscribers.ts';
import type { EventBus, NotTaken } from './bus.ts';
import { checkFits, cloudEventOf, subscribedEventOf } from './cloud-event.ts';

const MOST_TRIES = 5;
const FIRST_PAUSE_MS = 200;

/** What passes: the bus has too much to do, or a fault of its own. */
const PASSES =
  /^(Throttling|ThrottlingException|TooManyRequestsException|InternalFailure|InternalException|InternalFailureException|ServiceUnavailable|Unreachable)$/;

/** Puts events on the bus, and tells subscribers. An event that comes twice has the same id both times. */
export const emitExecutor = (bus: EventBus, subscribers: Pick<Subscribers, 'tell'>): Executor<EmitSpec> => ({
  async execute(spec, context) {
    const at = context.now();
    const event = cloudEventOf(spec, context, at);
    const entry = { source: event.source, type: event.type, at, detail: JSON.stringify(event) };
    checkFits(entry);
    for (let tried = 1; ; tried++) {
      const notTaken = await bus.put(entry);
      if (!notTaken) {
        await subscribers.tell([subscribedEventOf(event, context)]);
        return event.id;
      }
      if (tried === MOST_TRIES || !PASSES.test(notTaken.code)) throw failureOf(notTaken, tried);
      await sleep(FIRST_PAUSE_MS * 2 ** (tried - 1), undefined, { signal: context.signal }).catch(() => {
        throw context.signal.reason;
      });
    }
  },
});

const failureOf = ({ code, message }: NotTaken, tried: number) =>
  new StepError(
    'EmitFailed',
    `The event bus did not take the event${tried > 1 ? `, ${tried} times` : ''}: ${SAID_OTHERWISE[code] ?? `${code}: ${message}`}`,
    { code },
  );

/** What EventBridge words with names of the account, in ours. */
const SAID_OTHERWISE: Record<string, string> = {
  AccessDeniedException: 'this installation may not put events on it.',
  ResourceNotFoundException: 'it is not there. The setting eventBus names it.',
};
