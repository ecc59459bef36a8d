import type { Message } from './message.ts';
import type { Queue, Queues } from './queue.ts';
import { type MessageServices, receiveMessage } from './receive-message.ts';

/** The attribute in which a message of the inbox names its queue. */
const QUEUE_ATTRIBUTE = 'queue_id';

export interface BatchServices extends MessageServices {
  queues: Pick<Queues, 'get' | 'bySource'>;
  /** Names of the owner's own queues, whose messages need not say for whom they are. */
  sources: readonly string[];
  /** Of what is to come again, and in the end to the dead letters. */
  missed: (message: Message, error: unknown) => void;
}

/** Takes messages; answers the ids of those that are to come again. Messages of a group are taken in order: behind one that is to come again none is. */
export async function receiveBatch(services: BatchServices, messages: readonly Message[]): Promise<string[]> {
  const missed = await Promise.all(groupsOf(messages).map((group) => receiveInOrder(services, group)));
  return missed.flat();
}

async function receiveInOrder(services: BatchServices, messages: readonly Message[]): Promise<string[]> {
  for (const [at, message] of messages.entries()) {
    try {
      await receiveMessage(services, await addressee(services, message), message);
    } catch (error) {
      services.missed(message, error);
      return messages.slice(at).map(({ id }) => id);
    }
  }
  return [];
}

async function addressee({ queues, sources }: BatchServices, { from, attributes }: Message): Promise<Queue> {
  const isOwn = sources.includes(from);
  const id = attributes[QUEUE_ATTRIBUTE];
  const found = isOwn ? await queues.bySource(from) : id === undefined ? undefined : await queues.get(id);
  if (found) return found;
  throw new Error(
    isOwn
      ? `No trigger takes the messages of ${from}.`
      : id === undefined
        ? `The message has no attribute ${QUEUE_ATTRIBUTE}, which says for which trigger it is.`
        : `The message is for the queue ${id.slice(0, 100)}, which is not there.`,
  );
}

/** Each message without a group is one of its own. */
function groupsOf(messages: readonly Message[]): Message[][] {
  const groups = new Map<string, Message[]>();
  for (const message of messages) {
    const { groupId, from, id } = message;
    const key = groupId === undefined ? `message ${id}` : `group ${from} ${groupId}`;
    groups.set(key, [...(groups.get(key) ?? []), message]);
  }
  return [...groups.values()];
}
