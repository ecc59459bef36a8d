import type { Audit, AuditFilter, AuditRecord, Look, Records } from '../../audit/audit.ts';
import { timeOf } from '../../kernel/id.ts';
import { listName, readToken, writeToken } from '../../kernel/list-token.ts';
import type { Page, PageOf } from '../../kernel/page.ts';
import type { Runs } from '../ports.ts';
import { startRecord } from './acts-of-runs.ts';

export interface ActsServices {
  audit: Pick<Audit, 'list'>;
  runs: Pick<Runs, 'list'>;
}

/**
 * Who did what, newest first: the records of the log, and the starts that runs themselves remember. A run is the record of its own start: another one
 * would cost a quarter of what a small run writes.
 */
export async function listActs(
  services: ActsServices,
  filter: AuditFilter,
  { limit, token }: PageOf,
): Promise<Page<AuditRecord>> {
  const name = listName(['audit', filter]);
  const look = { limit, before: readToken(name, token) };
  const found = await Promise.all([services.audit.list(filter, look), startsOf(services.runs, filter, look)]);
  // Behind the place up to which both have looked, something of one of them may still be missing.
  const searched =
    found
      .flatMap((one) => one.searched ?? [])
      .toSorted()
      .at(-1) ?? '';
  // A run that is being deleted may be in both.
  const records = [...new Map(found.flatMap((one) => one.records).map((record) => [record.id, record])).values()]
    .filter(({ id }) => id >= searched)
    .toSorted((a, b) => (a.id < b.id ? 1 : -1));
  const end = records.length > limit ? records[limit - 1]?.id : searched;
  const items = records.slice(0, limit);
  return end ? { items, next: writeToken(name, end), searchedTo: timeOf(end) } : { items, next: undefined };
}

const STARTS: readonly AuditRecord['act'][] = ['run.start', 'run.rerun'];
const NONE: Records = { records: [], searched: undefined };

async function startsOf(runs: ActsServices['runs'], filter: AuditFilter, { limit, before }: Look): Promise<Records> {
  const { workspace, project, kinds, actor, object, act, from, to } = filter;
  if ((act && !STARTS.includes(act)) || (kinds && !kinds.includes('run'))) return NONE;
  const id = object === undefined ? undefined : { text: object, isPrefix: false };
  const sought = { workspace, project, actor, id, from, to, before, isAskedFor: true, archived: 'any' } as const;
  const { items, end } = await runs.list(sought, { limit });
  const records = items.flatMap((run) => startRecord(run) ?? []).filter((record) => act === undefined || record.act === act);
  return { records, searched: end };
}
