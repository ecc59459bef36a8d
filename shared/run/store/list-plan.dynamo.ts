import { encodeTime } from 'ulid';
import { areRare, type Bounds, boundsOf, idIn, type RunFilter, WHOLE_ID, WITH_ERROR } from '../list/filter.ts';
import { STAGES } from '../model/status.ts';
import type { Partition } from './newest-first.dynamo.ts';
import {
  archivedIn,
  inProject,
  inState,
  inWorkflow,
  inWorkspace,
  referenceKey,
  shardsOf,
  YOUNG_LIST_MS,
} from './run-items.dynamo.ts';

/** Where the ids of a list come from. */
export interface ListPlan {
  partitions: Partition[];
  /** Runs that stand in no partition, or need not be looked for. */
  known: string[];
  /** Nearly all of them fit: what the filter asks for, the index says. */
  isExact: boolean;
  /** All of them fit, as far as the index is up to date. */
  isSaidByKeys: boolean;
}

/** Reads the fewest ids: one run, those of a name, of a parent, of a rare state, of the smallest feed. */
export function listPlan(filter: RunFilter, now: Date): ListPlan {
  const { workspace, reference, id, named, parent, status, error } = filter;
  const bounds = boundsOf(filter);
  // DynamoDB refuses bounds that are the wrong way round.
  if (bounds.from > bounds.to) return { partitions: [], known: [], isExact: true, isSaidByKeys: true };
  if (id !== undefined && !id.isPrefix) return { partitions: [], known: [id.text], isExact: true, isSaidByKeys: false };
  if (named !== undefined) return planOf(filter, [byReference(workspace, named, bounds)], ['named'], idsIn(named, bounds));
  if (reference !== undefined && !reference.isPrefix)
    return planOf(filter, [byReference(workspace, reference.text, bounds)], ['reference']);
  if (parent !== undefined) {
    return planOf(filter, [{ index: 'by-parent', attribute: 'parentKey', value: parent, ...bounds }], ['parent']);
  }
  const states = status ?? (error === undefined ? undefined : WITH_ERROR);
  const feed = feedOf(filter, bounds);
  // Fewer runs are archived than have ever been in a rare state.
  if (states === undefined || !areRare(states) || filter.archived === true) return feed;
  const partitions = [...new Set(states)].flatMap((one) =>
    partitionsOf('by-state', 'stateKey', inState({ workspace, status: one }), bounds),
  );
  const isFleeting = states.includes('pending') || states.includes('running');
  if (!isFleeting) return planOf(filter, partitions, ['status']);
  return { ...planOf(filter, [...partitions, ...youngest(feed, now)], []), isExact: false, isSaidByKeys: false };
}

/** Those who have only just come are not in the index by state. */
function youngest({ partitions }: ListPlan, now: Date): Partition[] {
  const young = encodeTime(Math.max(now.getTime() - YOUNG_LIST_MS, 0)) + '0'.repeat(16);
  return partitions
    .map((partition) => ({ ...partition, from: later(partition.from, young) }))
    .filter(({ from, to }) => from <= to);
}

const later = (one: string, other: string) => (one > other ? one : other);

function feedOf(filter: RunFilter, bounds: Bounds): ListPlan {
  const { workspace, project, workflowId, stage, archived = false } = filter;
  const feeds = (index: string, attribute: string, names: string[]) =>
    names.flatMap((name) => {
      const both = archived === 'any' ? [name, archivedIn(name)] : [archived ? archivedIn(name) : name];
      return both.flatMap((one) => partitionsOf(index, attribute, one, bounds));
    });
  if (workflowId !== undefined) {
    const names = (stage === undefined ? STAGES : [stage]).map((one) => inWorkflow({ workflowId, stage: one }));
    return planOf(filter, feeds('by-workflow', 'workflowKey', names), ['workflowId', 'stage', 'archived']);
  }
  if (project !== undefined)
    return planOf(filter, feeds('by-project', 'projectKey', [inProject({ workspace, project })]), ['project', 'archived']);
  return planOf(filter, feeds('by-workspace', 'workspaceKey', [inWorkspace({ workspace })]), ['archived']);
}

const partitionsOf = (index: string, attribute: string, name: string, bounds: Bounds): Partition[] =>
  shardsOf(index, name).map((value) => ({ index, attribute, value, ...bounds }));

const byReference = (workspace: string, reference: string, bounds: Bounds): Partition => ({
  index: 'by-reference',
  attribute: 'referenceKey',
  value: referenceKey(workspace, reference),
  ...bounds,
});

function idsIn(named: string, { from, to }: Bounds): string[] {
  const id = idIn(named);
  return id?.length === WHOLE_ID && id >= from && id <= to ? [id] : [];
}

/** What every source says by itself: its keys begin with the workspace, its bounds are times and ids. */
const ALWAYS = ['workspace', 'id', 'from', 'to'] as const;

function planOf(
  filter: RunFilter,
  partitions: Partition[],
  answered: readonly (keyof RunFilter)[],
  known: string[] = [],
): ListPlan {
  const says = new Set<string>([...ALWAYS, ...answered]);
  const { archived = false, ...rest } = filter;
  const saysRest = Object.entries(rest).every(([name, value]) => says.has(name) || value === undefined);
  const saysArchived = says.has('archived') || archived === 'any';
  return {
    partitions,
    known,
    // Few of those that are not looked for are archived.
    isExact: saysRest && (saysArchived || !archived),
    isSaidByKeys: saysRest && saysArchived && known.length === 0,
  };
}
