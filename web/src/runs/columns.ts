/** What may be shown of runs, in the order in which it stands; which run it is always is. */
export const COLUMNS = [
  ['status', 'Status'],
  ['run', 'Run'],
  ['id', 'Id'],
  ['workflow', 'Workflow'],
  ['project', 'Project'],
  ['trigger', 'Trigger'],
  ['actor', 'Started by'],
  ['started', 'Started'],
  ['ended', 'Ended'],
  ['took', 'Took'],
  ['labels', 'Labels'],
  ['step', 'Step'],
  ['error', 'Error'],
] as const;
export type ColumnName = (typeof COLUMNS)[number][0];

const USUAL: readonly ColumnName[] = ['status', 'run', 'workflow', 'trigger', 'started', 'took', 'step', 'error'];
const ALWAYS: ColumnName = 'run';

/** The columns that an address names, or those that there usually are. */
export function columnsOf(text: string | undefined): readonly ColumnName[] {
  const named = text?.split(',') ?? USUAL;
  return COLUMNS.flatMap(([name]) => (name === ALWAYS || named.includes(name) ? [name] : []));
}

/** As an address has them: nothing where they are the usual ones. */
export function columnsText(columns: readonly ColumnName[]): string | undefined {
  const text = columnsOf(columns.join(',')).join(',');
  return text === USUAL.join(',') ? undefined : text;
}

export const isChosen = (name: ColumnName) => name !== ALWAYS;
