import type { ReactNode } from 'react';
import { Loading, Problem } from '../kit/controls.tsx';
import { Panel } from '../kit/panel.tsx';

interface TableProps {
  title: string;
  error: unknown;
  isPending: boolean;
  csv: ReactNode;
  none: string;
  count: number;
  head: readonly (readonly [name: string, isRight?: boolean])[];
  children: ReactNode;
}

/** Figures as a table, which is also a file. */
export const FiguresTable = ({ title, error, isPending, csv, none, count, head, children }: TableProps) => (
  <Panel title={title} label={title} note={count > 0 && count} actions={count > 0 && csv}>
    {error ? <Problem error={error} /> : isPending && <Loading rows={3} />}
    {!isPending && count === 0 && <p className="panel-body muted">{none}</p>}
    {count > 0 && (
      <div className="scroll">
        <table className="table">
          <thead>
            <tr>
              {head.map(([name, isRight]) => (
                <th key={name} className={isRight ? 'right' : ''}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </div>
    )}
  </Panel>
);
