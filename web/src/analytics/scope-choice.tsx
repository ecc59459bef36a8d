import type { Result } from '../api/call.ts';
import { RANGES } from './use-figures.ts';

interface ScopeChoiceProps {
  workflows: Result<'listWorkflows'>['items'];
  workflow: string | undefined;
  range: string;
  set: (more: { workflow?: string | undefined } | { range: string }) => void;
}

/** Of which workflow figures are, and of what time. */
export function ScopeChoice({ workflows, workflow, range, set }: ScopeChoiceProps) {
  return (
    <>
      <select
        className="select"
        aria-label="Workflow"
        value={workflow ?? ''}
        onChange={(event) => set({ workflow: event.target.value || undefined })}
      >
        <option value="">All workflows</option>
        {workflows.map((one) => (
          <option key={one.id} value={one.id}>
            {one.title ?? one.name}
          </option>
        ))}
      </select>
      <select className="select" aria-label="Time" value={range} onChange={(event) => set({ range: event.target.value })}>
        {RANGES.map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </>
  );
}
