import type { Result } from '../api/call.ts';
import { CsvButton } from '../kit/download.tsx';
import { countedRuns, percent, RunsLink, took } from './figures.tsx';
import { FiguresTable } from './figures-table.tsx';

/** How each workflow does. */
export function WorkflowsTable({
  answer,
  error,
  onWorkflow,
}: {
  answer: Result<'getWorkflowAnalytics'> | undefined;
  error: unknown;
  onWorkflow: (id: string) => void;
}) {
  const items = answer?.items ?? [];
  const shareOf = (one: (typeof items)[number]) => (one.success_rate === null ? null : 1 - one.success_rate);
  return (
    <FiguresTable
      title="Workflows"
      error={error}
      isPending={!answer}
      none="No run has ended."
      count={items.length}
      head={[
        ['Workflow'],
        ['Runs', true],
        ['Failed', true],
        ['Share', true],
        ['Without help', true],
        ['p50', true],
        ['p95', true],
        ['Retries', true],
      ]}
      csv={
        <CsvButton
          name="workflows"
          columns={[
            'workflow_id',
            'workflow',
            'runs',
            'succeeded',
            'failed',
            'timed_out',
            'stopped',
            'skipped',
            'success_rate',
            'unaided_rate',
            'p50_ms',
            'p95_ms',
            'slowest_ms',
            'retries',
          ]}
          rows={items.map((one) => [
            one.workflow_id,
            one.workflow_name,
            one.runs,
            one.succeeded,
            one.failed,
            one.timed_out,
            one.stopped,
            one.skipped,
            one.success_rate,
            one.unaided_rate,
            one.p50_ms,
            one.p95_ms,
            one.slowest_ms,
            one.retries,
          ])}
        />
      }
    >
      {answer &&
        items.map((one) => {
          const runs = (status: string) => countedRuns(answer, { workflow: one.workflow_id, status });
          return (
            <tr key={one.workflow_id}>
              <td>
                <button type="button" className="link" onClick={() => onWorkflow(one.workflow_id)}>
                  {one.workflow_name ?? one.workflow_id}
                </button>
              </td>
              <td className="right">
                <RunsLink search={runs('succeeded,failed,timed_out,stopped,skipped')}>{one.runs.toLocaleString('en')}</RunsLink>
              </td>
              <td className="right">
                <RunsLink search={runs('failed,timed_out')}>{(one.failed + one.timed_out).toLocaleString('en')}</RunsLink>
              </td>
              <td className="right">
                <RunsLink search={runs('failed,timed_out')}>{percent(shareOf(one))}</RunsLink>
              </td>
              <td className="right">
                <RunsLink search={countedRuns(answer, { workflow: one.workflow_id, unaided: 'true' })}>
                  {percent(one.unaided_rate)}
                </RunsLink>
              </td>
              <td className="right num">{took(one.p50_ms)}</td>
              <td className="right num">{took(one.p95_ms)}</td>
              <td className="right num">{one.retries.toLocaleString('en')}</td>
            </tr>
          );
        })}
    </FiguresTable>
  );
}
