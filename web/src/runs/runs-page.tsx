import { useNavigate, useSearch } from '@tanstack/react-router';
import { RunsList } from './runs-list.tsx';

/** All runs of the workspace that the reader may see. */
export function RunsPage() {
  const search = useSearch({ from: '/runs' });
  const navigate = useNavigate({ from: '/runs' });
  return (
    <div className="page">
      <RunsList
        title="Runs"
        search={search}
        onSearch={(next, replace) => void navigate({ search: next, replace: replace ?? false })}
      />
    </div>
  );
}
