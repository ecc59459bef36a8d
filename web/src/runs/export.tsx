import { useEffect, useRef, useState } from 'react';
import { call } from '../api/call.ts';
import type { RunEntry } from '../api/queries.ts';
import { Button, Problem } from '../kit/controls.tsx';
import { csvOf } from '../kit/csv.ts';
import { Dialog } from '../kit/dialog.tsx';
import { download } from '../kit/download.tsx';
import { Choices } from '../kit/menu.tsx';
import type { queryOf } from './filter.ts';

type Query = ReturnType<typeof queryOf>;
type Format = 'csv' | 'json';

/** What a page of a browser holds without trouble; the API gives the rest. */
const MOST = 10_000;
const PAGE = 100;

/** All that the filter matches, as a file. */
export function Export({ query }: { query: Query }) {
  const [format, setFormat] = useState<Format>();
  return (
    <>
      <Choices
        choices={[
          { label: 'CSV', icon: 'drain', act: () => setFormat('csv') },
          { label: 'JSON', icon: 'drain', act: () => setFormat('json') },
        ]}
      >
        <Button kind="ghost">Export</Button>
      </Choices>
      {format && <Exporting format={format} query={query} onClose={() => setFormat(undefined)} />}
    </>
  );
}

interface Got {
  runs: readonly RunEntry[];
  end?: 'all' | 'most';
  error?: unknown;
}

function Exporting({ format, query, onClose }: { format: Format; query: Query; onClose: () => void }) {
  const [got, setGot] = useState<Got>({ runs: [] });
  const asked = useRef(query);
  useEffect(() => {
    const gone = new AbortController();
    const fetchAll = async () => {
      const runs: RunEntry[] = [];
      for (let token: string | undefined; ; ) {
        const page = await call(
          'listRuns',
          { query: { ...asked.current, limit: PAGE, ...(token !== undefined && { continuation_token: token }) } },
          gone.signal,
        );
        runs.push(...page.items);
        token = page.continuation_token ?? undefined;
        const end = token === undefined ? 'all' : runs.length >= MOST ? 'most' : undefined;
        setGot({ runs: [...runs], ...(end && { end }) });
        if (end) return;
      }
    };
    fetchAll().catch((error: unknown) => !gone.signal.aborted && setGot((now) => ({ ...now, error })));
    return () => gone.abort();
  }, []);
  const count = got.runs.length.toLocaleString('en');
  return (
    <Dialog title={`Export as ${format.toUpperCase()}`} opened onClose={onClose}>
      <div className="act">
        <p role="status">
          {got.end === undefined && got.error === undefined && `${count} runs so far, ${MOST.toLocaleString('en')} at most.`}
          {got.end === 'all' && `${count} runs: all that the filter matches.`}
          {got.end === 'most' &&
            `${count} runs: the newest. There are more than a file holds; narrow the list, or ask the API for the rest.`}
        </p>
        {got.error !== undefined && <Problem error={got.error} />}
        <div className="act-foot">
          <Button kind="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button
            kind="primary"
            because={got.runs.length === 0 ? 'There is nothing yet.' : undefined}
            onClick={() => {
              save(format, got.runs);
              onClose();
            }}
          >
            Save {count} runs
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

const COLUMNS = [
  'id',
  'reference',
  'name',
  'workflow',
  'version',
  'status',
  'trigger',
  'created_at',
  'started_at',
  'ended_at',
  'error',
  'error_step',
  'error_message',
  'labels',
];

function save(format: Format, runs: readonly RunEntry[]): void {
  if (format === 'json') {
    download('runs.json', JSON.stringify(runs, null, 2), 'application/json');
    return;
  }
  const rows = runs.map((run) => [
    run.id,
    run.reference,
    run.name,
    run.workflow_name,
    run.version,
    run.status,
    run.trigger,
    run.created_at,
    run.started_at,
    run.ended_at,
    run.error?.name,
    run.error?.step,
    run.error?.message,
    run.labels.join(' '),
  ]);
  download('runs.csv', csvOf(COLUMNS, rows), 'text/csv');
}
