import { queryOptions } from '@tanstack/react-query';
import { call, Refused, type Result } from '../api/call.ts';
import { queries } from '../api/queries.ts';

export type Schedule = Result<'listSchedules'>['items'][number];
export type Webhook = Result<'listWebhooks'>['items'][number];
export type Queue = Result<'listQueues'>['items'][number];
export type EventRule = Result<'listEventRules'>['items'][number];
export type Mailbox = Result<'getMailbox'>;

const PAGE = 100;

export const triggersChanged = (workflowId: string) => queries.invalidateQueries({ queryKey: ['triggers', workflowId] });

/** Null where the workflow has none; what stands in the way of one is an error. */
export const mailboxQuery = (workflow_id: string) =>
  queryOptions({
    queryKey: ['triggers', workflow_id, 'mailbox'],
    queryFn: async ({ signal }): Promise<Mailbox | null> => {
      try {
        return await call('getMailbox', { params: { workflow_id } }, signal);
      } catch (error) {
        if (error instanceof Refused && error.status === 404) return null;
        throw error;
      }
    },
  });

export const schedulesQuery = (workflow_id: string) =>
  queryOptions({
    queryKey: ['triggers', workflow_id, 'schedules'],
    queryFn: ({ signal }) => call('listSchedules', { params: { workflow_id }, query: { limit: PAGE } }, signal),
  });

export const webhooksQuery = (workflow_id: string) =>
  queryOptions({
    queryKey: ['triggers', workflow_id, 'webhooks'],
    queryFn: ({ signal }) => call('listWebhooks', { params: { workflow_id }, query: { limit: PAGE } }, signal),
  });

export const queuesQuery = (workflow_id: string) =>
  queryOptions({
    queryKey: ['triggers', workflow_id, 'queues'],
    queryFn: ({ signal }) => call('listQueues', { params: { workflow_id }, query: { limit: PAGE } }, signal),
  });

export const eventRulesQuery = (workflow_id: string) =>
  queryOptions({
    queryKey: ['triggers', workflow_id, 'event-rules'],
    queryFn: ({ signal }) => call('listEventRules', { params: { workflow_id }, query: { limit: PAGE } }, signal),
  });
