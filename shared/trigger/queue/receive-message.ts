import { createHash } from 'node:crypto';
import { newId } from '../../kernel/id.ts';
import { notFound, Problem } from '../../kernel/problem.ts';
import type { StartServices } from '../../run/start/start-request.ts';
import { startRun } from '../../run/start/start-run.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Payloads } from '../delivery/payloads.ts';
import { type DeliveryServices, type Received, receive, type Treated } from '../delivery/receive.ts';
import { inputsOf, type Message, meets, readMessage, writeMessage } from './message.ts';
import type { Queue, Queues } from './queue.ts';

export type MessageServices = StartServices & DeliveryServices & { payloads: Payloads };

/** Lets a message in or turns it away; either way there is a delivery. Rejects for faults of ours, with which it is to come again. */
export async function receiveMessage(services: MessageServices, queue: Queue, message: Message): Promise<Received> {
  const id = newId(services.now().getTime());
  const payload = `deliveries/${id}.json`;
  const { workspace, project, workflowId } = queue;
  const incoming = {
    id,
    workspace,
    project,
    workflowId,
    trigger: 'queue' as const,
    triggerId: queue.id,
    source: message.from,
    key: message.id,
    bytes: Buffer.byteLength(message.body),
    payload,
  };
  const start = async () => {
    // The delivery must not point to what is not there.
    await services.payloads.put(payload, writeMessage(message), 'application/json');
    return startMessage(services, queue, message);
  };
  return receive(services, incoming, start());
}

/** Starts what was turned away. */
export async function redeliverMessage(
  services: StartServices & { queues: Pick<Queues, 'get'> },
  { triggerId }: Delivery,
  raw: Buffer | undefined,
): Promise<Treated> {
  const queue = await services.queues.get(triggerId);
  if (!queue) throw notFound('queue', triggerId);
  if (!raw) throw new Problem('conflict', 'Nothing of this message was kept.');
  return startMessage(services, queue, readMessage(raw));
}

async function startMessage(services: StartServices, queue: Queue, message: Message): Promise<Treated> {
  if (!queue.enabled) throw new Problem('conflict', `The queue "${queue.name}" is turned off.`);
  if (!(await meets(queue, message))) return { skipped: "The queue's condition was false." };
  return startRun(services, {
    workspace: queue.workspace,
    project: queue.project,
    workflowId: queue.workflowId,
    stage: 'Published',
    inputs: await inputsOf(queue, message),
    fileIds: [],
    trigger: 'queue',
    triggerId: queue.id,
    actor: { kind: 'trigger', id: queue.id, name: queue.name },
    useStartDefaults: true,
    key: { trigger: 'queue', value: `${queue.id}\n${message.id}`, asked: hashOf(message) },
  });
}

const hashOf = ({ body }: Message) => createHash('sha256').update(body).digest('hex');
