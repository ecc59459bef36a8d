import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Stack } from '../../local/cloudformation/stack.ts';
import { Queues } from '../../local/sqs/queues.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { smallTemplate } from './small-stack.ts';

const queue = (QueueName: string, more: object = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: { QueueName, ...(QueueName.endsWith('.fifo') && { FifoQueue: true }), ...more },
});
const dead = (name: string) => ({ RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [name, 'Arn'] }, maxReceiveCount: 2 } });
const stackWith = (more: Record<string, unknown>) => new Stack(smallTemplate(more));
const stack = stackWith({
  Plain: queue('plain', dead('Dead')),
  Dead: queue('dead'),
  Fifo: queue('fifo.fifo', dead('DeadFifo')),
  DeadFifo: queue('dead.fifo'),
});
const arn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;

let folder: ReturnType<typeof temporaryFolder>;
let queues: Queues;
beforeEach(() => {
  folder = temporaryFolder();
  queues = new Queues(stack, join(folder.path, 'sqs.sqlite'));
});
afterEach(() => {
  queues.close();
  folder.remove();
});

const send = (name: string, body: string, group?: string) =>
  queues.operations['SendMessage']?.({
    QueueUrl: `http://any/0/${name}`,
    MessageBody: body,
    ...(group && { MessageGroupId: group, MessageDeduplicationId: `${group}${body}` }),
  });
const bodies = (name: string, visibilitySeconds = 30, limit = 10) =>
  queues.take(arn(name), limit, visibilitySeconds).map(({ body }) => body);

describe.each(['plain', 'fifo.fifo'])('the queue %s', (name) => {
  test('hands a message to one at a time, and to nobody once it is removed', () => {
    send(name, 'a', 'g');
    const [taken] = queues.take(arn(name), 10);
    expect(bodies(name)).toEqual([]);
    queues.remove(arn(name), taken?.receipt ?? '');
    queues.release(arn(name));
    expect(bodies(name)).toEqual([]);
  });

  test('gives up what was received too often: it is a dead letter, as it was', () => {
    send(name, 'a', 'g');
    expect([bodies(name, 0), bodies(name, 0), bodies(name, 0)]).toEqual([['a'], ['a'], []]);
    expect(bodies(name.replace(/plain|fifo(?=\.)/, 'dead'), 0)).toEqual(['a']);
  });

  test('hands out again what was being dealt with by a process that is no more', () => {
    send(name, 'a', 'g');
    expect(bodies(name)).toEqual(['a']);
    queues.release(arn(name));
    expect(bodies(name)).toEqual(['a']);
  });
});

test('nothing of a group is handed out while another of it is being dealt with', () => {
  for (const n of [1, 2]) for (const group of ['x', 'y']) send('fifo.fifo', `${group}${n}`, group);
  expect(bodies('fifo.fifo', 30, 1)).toEqual(['x1']);
  expect(bodies('fifo.fifo')).toEqual(['y1', 'y2']);
  expect(bodies('fifo.fifo')).toEqual([]);
});

test.each([
  ['FIFO queues end in .fifo', { A: { ...queue('a.fifo'), Properties: { QueueName: 'a.fifo' } } }],
  ['no queue of this stack', { A: queue('a', { RedrivePolicy: { deadLetterTargetArn: arn('b'), maxReceiveCount: 2 } }) }],
  ['DelaySeconds', { A: queue('a', { DelaySeconds: 5 }) }],
])('what is not served is refused by name: %s', (message, more) => {
  expect(() => new Queues(stackWith(more), join(folder.path, 'other.sqlite'))).toThrow(message);
});
