import type { Ask } from '../api/call.ts';

/** What narrows a list of runs, as the address of the page has it. */
export const FIELDS = [
  'status',
  'workflow',
  'project',
  'trigger',
  'reference',
  'label',
  'error',
  'fingerprint',
  'unaided',
  'stage',
  'id',
  'parent',
  'root',
  'archived',
  'from',
  'to',
] as const;
export type FieldName = (typeof FIELDS)[number];
/** `columns` narrows nothing: it says what is shown of the runs. */
export type RunsSearch = { [Name in FieldName]?: string } & { q?: string; columns?: string };

const NAMES = [...FIELDS, 'q', 'columns'] as const;

export const runsSearch = (search: Record<string, unknown>): RunsSearch =>
  Object.fromEntries(NAMES.flatMap((name) => (search[name] ? [[name, String(search[name])]] : [])));

type Query = NonNullable<Ask<'countRuns'>['query']>;

/** A time that ends now: `7d`. */
const AGO = /^(\d+)(m|h|d)$/;
export const isAgo = (text: string | undefined): text is string => AGO.test(text ?? '');
const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `7d` as the instant seven days ago, rounded to the minute so that the same question is asked again. */
function instant(text: string | undefined, now: number): string | undefined {
  const ago = AGO.exec(text ?? '');
  if (!ago) return text;
  const ms = now - Number(ago[1]) * (UNITS[ago[2] ?? 'h'] ?? 0);
  return new Date(Math.floor(ms / 60_000) * 60_000).toISOString();
}

/** The filter as the API takes it. */
export function queryOf({ workflow, project, from, to, columns: _, ...same }: RunsSearch, now: number): Query {
  const query = {
    ...same,
    workflow_id: workflow,
    project_id: project,
    from: instant(from, now),
    to: instant(to, now),
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as Query;
}

const isField = (name: string): name is FieldName => FIELDS.some((field) => field === name);

/** `status:failed label:vip 4711` as fields and free text. A workflow may be called by its name. */
export function parsed(text: string, workflowOf: (name: string) => string | undefined): RunsSearch {
  const search: Record<string, string> = {};
  const free: string[] = [];
  for (const word of text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []) {
    const [, name = '', value = ''] = /^([a-z]+):(.+)$/.exec(word) ?? [];
    const bare = value.replaceAll('"', '');
    if (name === 'started' && AGO.test(bare.replace(/^[<>]/, '')))
      search[bare.startsWith('>') ? 'to' : 'from'] = bare.replace(/^[<>]/, '');
    else if (!isField(name)) free.push(word.replaceAll('"', ''));
    else if (name === 'workflow') search['workflow'] = workflowOf(bare) ?? bare;
    else if (name === 'label' && search['label']) search['label'] = `${search['label']},${bare}`;
    else search[name] = bare;
  }
  if (free.length > 0) search['q'] = free.join(' ');
  return search;
}

export const isFiltered = ({ columns: _, ...search }: RunsSearch) => Object.keys(search).length > 0;

/** With nothing that narrows it but what the page itself sets. */
export const unfiltered = (search: RunsSearch, fixed: readonly FieldName[]): RunsSearch =>
  Object.fromEntries(Object.entries(search).filter(([name]) => name === 'columns' || fixed.some((one) => one === name)));

type Narrowed = ReturnType<typeof queryOf>;

/** As a body has it: where a query has commas, it has lists. */
export function bodyOf({ status, label, ...same }: Narrowed) {
  return {
    ...same,
    ...(status && { status: String(status).split(',') }),
    ...(label && { label: String(label).split(',') }),
  };
}

interface Saved {
  filter: Record<string, unknown>;
  last: string | null;
  columns: readonly string[] | null;
}

/** What a view says, within its own time or else the one that is chosen, and with its own columns or else those. */
export function searchIn({ filter, last, columns }: Saved, now: RunsSearch): RunsSearch {
  const { workflow_id: workflow, project_id: project, ...same } = filter;
  const texts = Object.entries({ ...same, workflow, project }).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [[name, Array.isArray(value) ? value.join(',') : String(value)]],
  );
  return runsSearch({
    ...Object.fromEntries(texts),
    ...(last === null ? { from: now.from, to: now.to } : { from: last }),
    columns: columns?.join(',') ?? now.columns,
  });
}
