import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { call } from '../api/call.ts';
import { useZone } from '../kit/time.tsx';
import { zoneName } from '../kit/zone.ts';

export const RANGES = [
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
  ['90d', 'Last 90 days'],
] as const;
export type Range = (typeof RANGES)[number][0];
export const USUAL_RANGE: Range = '7d';

const HOURS: Record<Range, number> = { '24h': 24, '7d': 168, '30d': 720, '90d': 2160 };
const HOUR_MS = 3_600_000;
const LOOK_EVERY_MS = 30_000;

export const rangeOf = (text: string | undefined): Range => RANGES.find(([range]) => range === text)?.[0] ?? USUAL_RANGE;

/** When it begins and ends. Hours are asked for, so that the same question is asked again within one. */
export function timesOf(range: Range) {
  const to = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
  return { from: new Date(to - HOURS[range] * HOUR_MS).toISOString(), to: new Date(to).toISOString() };
}

/** Figures of a range that ends now. */
export function useFigures(range: Range, workflow: string | undefined) {
  const zone = useZone();
  const times = timesOf(range);
  const ofWorkflow = workflow ? { workflow_id: workflow } : {};
  const key = ['analytics', range, workflow ?? ''];
  const shared = { placeholderData: keepPreviousData, refetchInterval: LOOK_EVERY_MS };
  const timezone = zoneName(zone);
  const bucket = range === '24h' ? ('hour' as const) : ('day' as const);
  return {
    overview: useQuery({
      queryKey: [...key, 'overview', timezone],
      queryFn: ({ signal }) => call('getAnalyticsOverview', { query: { ...times, ...ofWorkflow, bucket, timezone } }, signal),
      ...shared,
    }),
    workflows: useQuery({
      queryKey: [...key, 'workflows'],
      queryFn: ({ signal }) => call('getWorkflowAnalytics', { query: { ...times, limit: 100 } }, signal),
      enabled: workflow === undefined,
      ...shared,
    }),
    steps: useQuery({
      queryKey: [...key, 'steps'],
      queryFn: ({ signal }) => call('getStepAnalytics', { query: { ...times, workflow_id: workflow ?? '' } }, signal),
      enabled: workflow !== undefined,
      ...shared,
    }),
    failures: useQuery({
      queryKey: [...key, 'failures'],
      queryFn: ({ signal }) => call('getFailureAnalytics', { query: { ...times, ...ofWorkflow, limit: 100 } }, signal),
      ...shared,
    }),
  };
}
