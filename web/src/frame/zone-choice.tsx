import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { runQuery } from '../api/queries.ts';
import { setZone, useZone } from '../kit/time.tsx';
import { zoneWords } from '../kit/zone.ts';
import { schedulesQuery } from '../triggers/queries.ts';

const MINUTE_MS = 60_000;

/** The zones in which the workflow is scheduled whose page this is, or that of one of its runs. */
function useScheduledZones(): string[] {
  const { workflowId, runId } = useParams({ strict: false });
  const { data: run } = useQuery({ ...runQuery(runId ?? ''), enabled: runId !== undefined });
  const id = workflowId ?? run?.workflow_id;
  const { data } = useQuery({ ...schedulesQuery(id ?? ''), enabled: id !== undefined, staleTime: MINUTE_MS, retry: false });
  return id === undefined ? [] : (data?.items ?? []).map(({ timezone }) => timezone);
}

/** In which zone times are shown, on all pages: the browser's, UTC, or that of the workflow. */
export function ZoneChoice() {
  const zone = useZone();
  const zones = new Set(['local', 'utc', ...useScheduledZones().filter((name) => name !== 'UTC'), zone]);
  return (
    <select
      className="select zone"
      aria-label="Zone of all times"
      title="Zone of all times"
      value={zone}
      onChange={(event) => setZone(event.target.value)}
    >
      {[...zones].map((name) => (
        <option key={name} value={name}>
          {name === 'local' ? 'Local time' : zoneWords(name)}
        </option>
      ))}
    </select>
  );
}
