import { secondsOf } from '../expression/duration.ts';
import { DEFAULT_RUN_SECONDS } from '../kernel/limits.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Document } from './document.ts';
import { DAY_SECONDS } from './longest-run.ts';
import { readYaml } from './yaml.ts';

/** What is wrong with a workflow whose runs may last longer than anything of a run is kept. Of an expression only a start can tell. */
export function checkRetention(source: string, { timeout }: Document, retentionDays: number): Diagnostic[] {
  const seconds = timeout === undefined ? DEFAULT_RUN_SECONDS : secondsOf(timeout);
  if (seconds === undefined || seconds <= retentionDays * DAY_SECONDS) return [];
  const lasts = timeout ?? `${DEFAULT_RUN_SECONDS / DAY_SECONDS}d, as nothing else is said,`;
  const message = `timeout: a run may take ${lasts} but is kept for ${retentionDays}d; write timeout: ${retentionDays}d or less, or have the setting retentionDays raised`;
  return [{ path: 'timeout', ...readYaml(source).placeOf(['timeout']), message, severity: 'warning' }];
}
