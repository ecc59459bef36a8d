import type { Job } from './job.ts';

export const JobState = ({ job }: { job: Job }) => (
  <span className={`pill ${job.ended_at ? (job.failed > 0 ? 'bad' : 'good') : 'active'}`}>{job.status}</span>
);
