import { Button } from './controls.tsx';
import { type Cell, csvOf } from './csv.ts';

/** Puts a text into a file of the reader. */
export function download(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 0);
}

/** A table as a file that spreadsheets read. */
export const CsvButton = ({
  name,
  columns,
  rows,
}: {
  name: string;
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
}) => (
  <Button
    kind="ghost"
    icon="drain"
    aria-label={`Download ${name} as CSV`}
    onClick={() => download(`${name}.csv`, csvOf(columns, rows), 'text/csv')}
  >
    CSV
  </Button>
);
