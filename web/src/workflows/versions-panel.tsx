import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { call } from '../api/call.ts';
import { queries, versionQuery, type Workflow } from '../api/queries.ts';
import { Button, Empty, Loading } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { Time } from '../kit/time.tsx';
import { told } from '../kit/told.tsx';

const Diff = lazy(() => import('../editor/code.tsx').then(({ Diff: component }) => ({ default: component })));

/** Every published version, what it changed, and a way back to it. */
export function VersionsPanel({ workflow }: { workflow: Workflow }) {
  const versions = useQuery({
    queryKey: ['workflow', workflow.id, 'versions'],
    queryFn: ({ signal }) => call('listVersions', { params: { workflow_id: workflow.id }, query: { limit: 50 } }, signal),
  });
  const [shown, setShown] = useState<number>();
  const [back, setBack] = useState<number>();
  const items = versions.data?.items ?? [];
  const current = workflow.published_version;
  if (versions.isPending) return <Loading />;
  if (items.length === 0) return <Empty title="Nothing is published yet">Publish the draft from Edit.</Empty>;
  return (
    <>
      <div className="panel scroll">
        <table className="table">
          <thead>
            <tr>
              <th>Version</th>
              <th>Note</th>
              <th>Published</th>
              <th>By</th>
              <th className="right">Act</th>
            </tr>
          </thead>
          <tbody>
            {items.map(({ version, note, published_at, published_by }) => (
              <tr key={version}>
                <td className="num">
                  v{version} {version === current && <span className="pill good">current</span>}
                </td>
                <td>{note}</td>
                <td className="muted">
                  <Time at={published_at} />
                </td>
                <td className="muted">{published_by.name}</td>
                <td>
                  <div className="row" style={{ justifyContent: 'flex-end' }}>
                    {version > 1 && (
                      <Button
                        kind="ghost"
                        aria-pressed={shown === version}
                        onClick={() => setShown(shown === version ? undefined : version)}
                      >
                        Changes
                      </Button>
                    )}
                    {version !== current && <Button onClick={() => setBack(version)}>Bring back v{version}</Button>}
                  </div>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown !== undefined && <Changes workflowId={workflow.id} from={shown - 1} to={shown} />}
      {back !== undefined && current !== null && (
        <BringBack workflow={workflow} version={back} current={current} onClose={() => setBack(undefined)} />
      )}
    </>
  );
}

function Changes({ workflowId, from, to }: { workflowId: string; from: number; to: number }) {
  const before = useQuery(versionQuery(workflowId, from));
  const after = useQuery(versionQuery(workflowId, to));
  if (!before.data || !after.data) return <Loading rows={3} />;
  return (
    <Suspense fallback={<Loading rows={3} />}>
      <Diff before={before.data.source} after={after.data.source} names={[`v${from}`, `v${to}`]} />
    </Suspense>
  );
}

/** A version is brought back by publishing its text again, as the next one. */
function BringBack({
  workflow,
  version,
  current,
  onClose,
}: {
  workflow: Workflow;
  version: number;
  current: number;
  onClose: () => void;
}) {
  const old = useQuery(versionQuery(workflow.id, version));
  const params = { workflow_id: workflow.id };
  const act = async (note: string | undefined) => {
    if (!old.data) return;
    await call('saveDraft', { params, body: { definition: old.data.source } });
    const done = await call('publishWorkflow', { params, body: note ? { note } : {} });
    await queries.invalidateQueries({ queryKey: ['workflow', workflow.id] });
    told(`v${done.version} is published, with the text of v${version}.`);
  };
  return (
    <ReasonDialog
      label="Note"
      hint="For those who look at the versions."
      proposed={`Brings back v${version}`}
      title={`Bring back v${version}`}
      verb={`Publish it as v${current + 1}`}
      size="xl"
      opened
      onClose={onClose}
      because={old.data ? undefined : 'Its text is being read.'}
      act={act}
    >
      <p>Live runs go on with the version that they follow. The draft becomes this text.</p>
      <Changes workflowId={workflow.id} from={current} to={version} />
    </ReasonDialog>
  );
}
