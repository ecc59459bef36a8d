import { Link } from '@tanstack/react-router';
import type { Result } from '../api/call.ts';
import { CsvButton } from '../kit/download.tsx';
import { Time } from '../kit/time.tsx';
import { countedRuns, RunsLink } from './figures.tsx';
import { FiguresTable } from './figures-table.tsx';

/** What fails, by its cause. */
export function FailuresTable({ answer, error }: { answer: Result<'getFailureAnalytics'> | undefined; error: unknown }) {
  const items = answer?.items ?? [];
  return (
    <FiguresTable
      title="Failures by cause"
      error={error}
      isPending={!answer}
      none="Nothing has failed."
      count={items.length}
      head={[['Count', true], ['Error'], ['Workflow'], ['First'], ['Last'], ['Sample']]}
      csv={
        <CsvButton
          name="failures"
          columns={[
            'fingerprint',
            'count',
            'error',
            'message',
            'step_id',
            'workflow_id',
            'workflow',
            'first_at',
            'last_at',
            'sample_run_id',
          ]}
          rows={items.map((one) => [
            one.fingerprint,
            one.count,
            one.error.name,
            one.error.message,
            one.step_id,
            one.workflow_id,
            one.workflow_name,
            one.first_at,
            one.last_at,
            one.sample_run_id,
          ])}
        />
      }
    >
      {answer &&
        items.map((one) => (
          <tr key={one.fingerprint}>
            <td className="right">
              <RunsLink
                className="pill bad"
                search={countedRuns(answer, { workflow: one.workflow_id, fingerprint: one.fingerprint })}
              >
                {one.count.toLocaleString('en')}
              </RunsLink>
            </td>
            <td className="cause">
              <span className="cut block" title={one.error.message}>
                <b>{one.error.name}</b>
                {one.step_id && (
                  <>
                    {' at '}
                    <code>{one.step_id}</code>
                  </>
                )}
                <span className="muted">: {one.error.message}</span>
              </span>
            </td>
            <td>{one.workflow_name ?? one.workflow_id}</td>
            <td className="muted">{one.first_at && <Time at={one.first_at} />}</td>
            <td className="muted">{one.last_at && <Time at={one.last_at} />}</td>
            <td>
              {one.sample_run_id && (
                <Link to="/runs/$runId" params={{ runId: one.sample_run_id }}>
                  Last one
                </Link>
              )}
            </td>
          </tr>
        ))}
    </FiguresTable>
  );
}
