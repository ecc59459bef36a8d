import { ulid } from 'ulid';
import type { Job } from '../../shared/job/job.ts';
import { anActor } from '../harness/builders.ts';

/** A job that shows only what matters. */
export const aJob = (of: Partial<Job> = {}): Job => ({
  id: ulid(),
  workspace: 'acme',
  verb: 'archive',
  params: {},
  actor: anActor(),
  createdAt: '2026-11-23T08:00:00.000Z',
  total: 0,
  status: 'running',
  position: 0,
  counts: { done: 0, skipped: 0, failed: 0 },
  execution: 1,
  dueAt: '2026-11-23T08:00:30.000Z',
  version: 1,
  ...of,
});
