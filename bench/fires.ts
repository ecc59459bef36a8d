import { parseExpression } from '../shared/trigger/schedule/expression.ts';
import { usualDst } from '../shared/trigger/schedule/fires.ts';
import { previewOf } from '../shared/trigger/schedule/preview.ts';
import { nextView } from '../shared/trigger/schedule/schedule.http.ts';
import { type Schedule, timingOf } from '../shared/trigger/schedule/schedule.ts';
import { anActor } from '../test/harness/builders.ts';

const SHOWN = 5;
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Australia/Lord_Howe', 'America/Sao_Paulo'];

/** What owners write: from every few minutes to once a year, in all notations that fire again. */
const NOTATIONS: ((minute: number, hour: number) => string)[] = [
  (minute) => `rate(${minute + 1} minutes)`,
  () => '*/15 * * * *',
  (minute, hour) => `daily at ${hour}:${String(minute).padStart(2, '0')}`,
  (minute, hour) => `${minute} ${hour} * * 1-5`,
  (minute, hour) => `weekly on mon,thu at ${hour}:${String(minute).padStart(2, '0')}`,
  (minute, hour) => `cron(${minute} ${hour} L * ? *)`,
  (minute, hour) => `cron(${minute} ${hour} ? * MON#1 *)`,
  (minute, hour) => `cron(${minute} ${hour} 1 1 ? *)`,
];

/** How long it takes to list the next fires of so many schedules, as the API lists them. The first of a zone also looks its offsets up. */
export function listFires(count: number): { ms: number; each: number } {
  const now = new Date();
  const schedules = Array.from({ length: count }, (_, n) => scheduleNumber(n, now.toISOString()));
  const begin = performance.now();
  for (const schedule of schedules) {
    const { items } = nextView(schedule.timezone, previewOf(timingOf(schedule), now, SHOWN));
    if (items.length !== SHOWN) throw new Error(`${schedule.expression} fires ${items.length} times`);
  }
  const ms = performance.now() - begin;
  return { ms, each: ms / count };
}

function scheduleNumber(n: number, at: string): Schedule {
  const expression = NOTATIONS[n % NOTATIONS.length]?.(n % 60, n % 24) ?? 'hourly';
  return {
    id: String(n),
    workspace: 'local',
    project: 'examples',
    workflowId: 'bench',
    name: `schedule ${n}`,
    expression,
    timezone: ZONES[Math.floor(n / NOTATIONS.length) % ZONES.length] ?? 'UTC',
    inputs: {},
    dst: usualDst(parseExpression(expression)),
    overlap: 'allow',
    catchUp: 'last',
    catchUpWindow: '24h',
    enabled: true,
    createdAt: at,
    createdBy: anActor('bench'),
    updatedAt: at,
    anchor: at,
    revision: 1,
    queued: [],
    open: [],
    failures: 0,
  };
}
