import type { Result } from '../api/call.ts';
import { CsvButton } from '../kit/download.tsx';
import { countedRuns, percent, RunsLink, took } from './figures.tsx';
import { FiguresTable } from './figures-table.tsx';

/** How each step of a workflow does. */
export function StepsTable({
  answer,
  error,
  workflow,
}: {
  answer: Result<'getStepAnalytics'> | undefined;
  error: unknown;
  workflow: string;
}) {
  const items = answer?.items ?? [];
  return (
    <FiguresTable
      title="Steps"
      error={error}
      isPending={!answer}
      none="No step has been executed."
      count={items.length}
      head={[
        ['Step'],
        ['Executed', true],
        ['Failed', true],
        ['Share', true],
        ['Retries', true],
        ['p50', true],
        ['p95', true],
        ['Slowest', true],
      ]}
      csv={
        <CsvButton
          name="steps"
          columns={[
            'step_id',
            'executed',
            'succeeded',
            'failed',
            'cancelled',
            'failure_share',
            'retries',
            'p50_ms',
            'p95_ms',
            'slowest_ms',
          ]}
          rows={items.map((one) => [
            one.step_id,
            one.executed,
            one.succeeded,
            one.failed,
            one.cancelled,
            one.failure_share,
            one.retries,
            one.p50_ms,
            one.p95_ms,
            one.slowest_ms,
          ])}
        />
      }
    >
      {answer &&
        items.map((one) => (
          <tr key={one.step_id}>
            <td>
              <code>{one.step_id}</code>
            </td>
            <td className="right">
              <RunsLink search={countedRuns(answer, { workflow })}>{one.executed.toLocaleString('en')}</RunsLink>
            </td>
            <td className="right">
              <RunsLink search={countedRuns(answer, { workflow, status: 'failed,timed_out' })}>
                {one.failed.toLocaleString('en')}
              </RunsLink>
            </td>
            <td className="right num">{percent(one.failure_share)}</td>
            <td className="right num">{one.retries.toLocaleString('en')}</td>
            <td className="right num">{took(one.p50_ms)}</td>
            <td className="right num">{took(one.p95_ms)}</td>
            <td className="right num">{took(one.slowest_ms)}</td>
          </tr>
        ))}
    </FiguresTable>
  );
}
