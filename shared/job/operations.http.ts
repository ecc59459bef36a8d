import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { listQuery, resourceId } from '../edge/schema.ts';
import {
  answerDryRun,
  answersBody,
  jobBody,
  jobDryRun,
  jobEntries,
  jobEntry,
  jobResults,
  redeliverBody,
  redeliverDryRun,
} from './job.http.ts';
import { OUTCOMES } from './job.ts';

const at = { tag: 'jobs', entry: 'api/jobs' } as const;
const params = z.object({ job_id: resourceId });

export const jobs = {
  createJob: operation({
    ...at,
    method: 'POST',
    path: '/v1/jobs',
    summary: 'Do something with many runs, or say what that would come to',
    role: 'operator',
    act: 'job.create',
    keyed: true,
    body: jobBody,
    responses: { 202: jobEntry, 200: z.discriminatedUnion('object', [jobEntry, jobDryRun]) },
    refuses: [404, 409],
  }),
  redeliverDeliveries: operation({
    ...at,
    method: 'POST',
    path: '/v1/deliveries/redeliver',
    summary: 'Give all rejected deliveries that a filter selects another chance, or say what that would come to',
    role: 'operator',
    act: 'job.create',
    keyed: true,
    body: redeliverBody,
    responses: { 202: jobEntry, 200: z.discriminatedUnion('object', [jobEntry, redeliverDryRun]) },
    refuses: [404, 409],
  }),
  answerTasks: operation({
    ...at,
    method: 'POST',
    path: '/v1/tasks/answer',
    summary: 'Give many tasks one answer: those of a group, or those that are named',
    role: 'operator',
    act: 'job.create',
    keyed: true,
    body: answersBody,
    responses: { 202: jobEntry, 200: z.discriminatedUnion('object', [jobEntry, answerDryRun]) },
    refuses: [404, 409],
  }),
  listJobs: operation({
    ...at,
    method: 'GET',
    path: '/v1/jobs',
    summary: 'Jobs, newest first',
    query: z.strictObject({ project_id: resourceId.optional(), ...listQuery(25) }),
    responses: { 200: jobEntries },
  }),
  getJob: operation({
    ...at,
    method: 'GET',
    path: '/v1/jobs/{job_id}',
    summary: 'One job and how far it has come',
    params,
    responses: { 200: jobEntry },
  }),
  listJobResults: operation({
    ...at,
    method: 'GET',
    path: '/v1/jobs/{job_id}/results',
    summary: 'What came of each, by outcome',
    params,
    query: z.strictObject({ outcome: z.enum(OUTCOMES).optional(), ...listQuery(25) }),
    responses: { 200: jobResults },
  }),
  abortJob: operation({
    ...at,
    method: 'POST',
    path: '/v1/jobs/{job_id}/abort',
    summary: 'Begin with no further one',
    role: 'operator',
    act: 'job.abort',
    params,
    responses: { 200: jobEntry },
  }),
  retryJob: operation({
    ...at,
    method: 'POST',
    path: '/v1/jobs/{job_id}/retry',
    summary: 'A job of those that this one has failed at',
    role: 'operator',
    act: 'job.retry',
    params,
    responses: { 202: jobEntry, 200: jobEntry },
  }),
};
