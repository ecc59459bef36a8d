import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { resourceId } from '../edge/schema.ts';
import {
  failureAnalytics,
  limitField,
  overview,
  rangeFields,
  recounted,
  stepAnalytics,
  timezone,
  workflowAnalytics,
  workflowField,
} from './analytics.http.ts';

const at = { tag: 'analytics', entry: 'api/analytics', method: 'GET' } as const;

export const analytics = {
  getAnalyticsOverview: operation({
    ...at,
    path: '/v1/analytics/overview',
    summary: 'What became of runs, how many live, and the trend',
    query: z.strictObject({
      ...rangeFields,
      ...workflowField,
      bucket: z.enum(['hour', 'day']).default('day'),
      timezone: timezone.default('UTC'),
    }),
    responses: { 200: overview },
  }),
  getWorkflowAnalytics: operation({
    ...at,
    path: '/v1/analytics/workflows',
    summary: 'What became of the runs of each workflow',
    query: z.strictObject({ ...rangeFields, ...limitField }),
    responses: { 200: workflowAnalytics },
  }),
  getStepAnalytics: operation({
    ...at,
    path: '/v1/analytics/steps',
    summary: 'How the steps of a workflow did: durations, failures, retries',
    query: z.strictObject({ from: rangeFields.from, to: rangeFields.to, workflow_id: resourceId }),
    responses: { 200: stepAnalytics },
  }),
  getFailureAnalytics: operation({
    ...at,
    path: '/v1/analytics/failures',
    summary: 'Failures that have the same cause, as far as their words tell, by when their runs ended',
    query: z.strictObject({ ...rangeFields, ...workflowField, ...limitField }),
    responses: { 200: failureAnalytics },
  }),
  recountRuns: operation({
    ...at,
    method: 'POST',
    path: '/v1/analytics/recount',
    summary: 'Make the figures agree with the runs that there are, piece by piece',
    role: 'admin',
    act: 'counters.recount',
    body: z.strictObject({
      from: z.iso.datetime({ offset: true }).optional(),
      to: z.iso.datetime({ offset: true }).optional(),
      continuation_token: z.string().min(1).max(1024).optional(),
    }),
    responses: { 200: recounted },
  }),
};
