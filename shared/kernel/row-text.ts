import { Problem } from './problem.ts';

/** Refuses a value that is too large for its row, by its field. A row of DynamoDB has 400 KB, and whoever reads it pays for all of them. */
export function refuseLargeText(field: string, value: unknown, limitBytes: number): void {
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? '');
  if (bytes <= limitBytes) return;
  const message = `${field} has ${bytes} bytes as JSON; ${limitBytes} are the most that are kept. Give large data by a file or with each start.`;
  throw new Problem('too-large', message, [{ name: field, value: bytes }]);
}
