import * as z from 'zod';
import { operation } from '../../edge/route.ts';
import { listQuery, resourceId } from '../../edge/schema.ts';
import { changedQueue, newQueue, queueEntries, queueEntry } from './queue.http.ts';

const at = { tag: 'queues', entry: 'api/queues' } as const;
const ofWorkflow = z.object({ workflow_id: resourceId });
const one = z.object({ workflow_id: resourceId, queue_id: resourceId });

export const queues = {
  createQueue: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/queues',
    summary: 'Let messages of SQS start runs',
    act: 'queue.create',
    role: 'editor',
    params: ofWorkflow,
    body: newQueue,
    responses: { 201: queueEntry },
  }),
  listQueues: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/queues',
    summary: 'Queues of a workflow',
    params: ofWorkflow,
    query: z.strictObject(listQuery(25)),
    responses: { 200: queueEntries },
  }),
  getQueue: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/queues/{queue_id}',
    summary: 'One queue',
    params: one,
    responses: { 200: queueEntry },
  }),
  changeQueue: operation({
    ...at,
    method: 'PATCH',
    path: '/v1/workflows/{workflow_id}/queues/{queue_id}',
    summary: 'Rename a queue, turn it on or off, map it otherwise',
    act: 'queue.change',
    role: 'editor',
    params: one,
    body: changedQueue,
    responses: { 200: queueEntry },
  }),
  deleteQueue: operation({
    ...at,
    method: 'DELETE',
    path: '/v1/workflows/{workflow_id}/queues/{queue_id}',
    summary: 'Delete a queue; its deliveries stay',
    act: 'queue.delete',
    role: 'editor',
    params: one,
    responses: { 204: '' },
  }),
};
