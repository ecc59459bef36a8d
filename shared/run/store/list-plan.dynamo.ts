import { encodeTime } from 'ulid';
import { areRare, type Bounds, boundsOf, idIn, type RunFilter, WHOLE_ID } from '../list/filter.ts';
import { STAGES } from '../model/status.ts';
import type { Partition } from './newest-first.dynamo.ts';
import {
  archivedIn,
  byTrigger,
  byTriggerId,
  inProject,
  inState,
  inWorkflow,
  inWorkspace,
  isEveryday,
  REFERENCE_END,
  referenceText,
  shardsOf,
  withError,
  withLabel,
  YOUNG_LIST_MS,
} from './run-items.dynamo.ts';

/** Where the ids of a list come from. */
export interface ListPlan {
  partitions: Partition[];
  /** Runs that stand in no partition, or need not be looked for. */
  known: string[];
  /** What of the filter it answers by itself. */
  says: ReadonlySet<string>;
  /** Nearly all of them fit: what the filter asks for, the index says. */
  isExact: boolean;
  /** All of them fit, as far as the index is up to date. */
  isSaidByKeys: boolean;
}

const NOTHING: ListPlan = { partitions: [], known: [], says: new Set(), isExact: true, isSaidByKeys: true };

/**
 * The indexes that know something of what the filter asks for, each with more runs than fit; the one that is likely to have the fewest comes first. What is
 * sure to be few comes alone.
 */
export function listPlans(filter: RunFilter, now: Date): ListPlan[] {
  const { project, workflowId, id, named, parent, root, archived } = filter;
  const bounds = boundsOf(filter);
  // DynamoDB refuses bounds that are the wrong way round.
  if (bounds.from > bounds.to) return [NOTHING];
  if (id !== undefined && !id.isPrefix) return [{ ...NOTHING, known: [id.text], isSaidByKeys: false }];
  if (named !== undefined)
    return [planOf(filter, byReference(filter, named, bounds), ['named', 'archived'], idsNamed(named, bounds))];
  if (parent !== undefined)
    return [planOf(filter, [{ index: 'by-parent', attribute: 'parentKey', value: parent, ...bounds }], ['parent'])];
  if (root !== undefined) {
    const known = root >= bounds.from && root <= bounds.to ? [root] : [];
    return [planOf(filter, [{ index: 'by-root', attribute: 'rootKey', value: root, ...bounds }], ['root'], known)];
  }
  const feed = feedOf(filter, bounds);
  const narrow = [...sparse(filter, bounds), ...states(filter, bounds, feed, now)];
  const isWhole = project === undefined && workflowId === undefined && archived !== true;
  return isWhole && narrow.length > 0 ? narrow : [...narrow, feed];
}

/** Those of what only some runs have. */
function sparse(filter: RunFilter, bounds: Bounds): ListPlan[] {
  const { workspace, reference, labels = [], error, trigger, triggerId } = filter;
  const plan = (index: string, attribute: string, name: string, answered: keyof RunFilter) =>
    planOf(filter, partitionsOf(index, attribute, name, bounds), [answered]);
  const plans: ListPlan[] = [];
  if (reference !== undefined && !reference.isPrefix)
    plans.push(planOf(filter, byReference(filter, reference.text, bounds), ['reference', 'archived']));
  for (const label of labels) {
    const labelled = partitionsOf('by-label', 'labelKey', withLabel({ workspace, label }), bounds);
    plans.push(planOf(filter, labelled, [labelSaid(label)]));
  }
  if (triggerId !== undefined)
    plans.push(plan('by-trigger-id', 'triggerIdKey', byTriggerId({ workspace, triggerId }), 'triggerId'));
  if (error !== undefined) plans.push(plan('by-error', 'errorKey', withError({ workspace, error }), 'error'));
  if (trigger !== undefined && triggerId === undefined && !isEveryday(trigger))
    plans.push(plan('by-trigger', 'triggerKey', byTrigger({ workspace, trigger }), 'trigger'));
  return plans;
}

function states(filter: RunFilter, bounds: Bounds, feed: ListPlan, now: Date): ListPlan[] {
  const { workspace, status, archived } = filter;
  // Fewer runs are archived than have ever been in a rare state.
  if (status === undefined || !areRare(status) || archived === true) return [];
  const partitions = [...new Set(status)].flatMap((one) =>
    partitionsOf('by-state', 'stateKey', inState({ workspace, status: one }), bounds),
  );
  const isFleeting = status.includes('pending') || status.includes('running');
  if (!isFleeting) return [planOf(filter, partitions, ['status'])];
  return [{ ...planOf(filter, [...partitions, ...youngest(feed, now)], []), isExact: false, isSaidByKeys: false }];
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
    names.flatMap((name) => shown(name, archived).flatMap((one) => partitionsOf(index, attribute, one, bounds)));
  if (workflowId !== undefined) {
    const names = (stage === undefined ? STAGES : [stage]).map((one) => inWorkflow({ workflowId, stage: one }));
    return planOf(filter, feeds('by-workflow', 'workflowKey', names), ['workflowId', 'stage', 'archived']);
  }
  if (project !== undefined)
    return planOf(filter, feeds('by-project', 'projectKey', [inProject({ workspace, project })]), ['project', 'archived']);
  return planOf(filter, feeds('by-workspace', 'workspaceKey', [inWorkspace({ workspace })]), ['archived']);
}

/** Feeds of archived runs are their own. */
function shown(name: string, archived: boolean | 'any'): string[] {
  if (archived === 'any') return [name, archivedIn(name)];
  return [archived ? archivedIn(name) : name];
}

const partitionsOf = (index: string, attribute: string, name: string, bounds: Bounds): Partition[] =>
  shardsOf(index, name).map((value) => ({ index, attribute, value, ...bounds }));

/** Greater than any character of a reference. */
const LAST_CHARACTER = '\u{10ffff}';

/** The feed of the workspace, of the runs that have a reference, sorted by it. */
const references = ({ workspace, archived = false }: RunFilter, prefix: string, bounds: Bounds): Partition[] =>
  shown(inWorkspace({ workspace }), archived).flatMap((name) =>
    partitionsOf('by-reference-text', 'workspaceKey', name, bounds).map((partition) => ({
      ...partition,
      sort: { attribute: 'ref', prefix },
    })),
  );

/** One reference as a whole: in the index it is followed by the id. */
const byReference = (filter: RunFilter, reference: string, bounds: Bounds) =>
  references(filter, referenceText(reference) + REFERENCE_END, bounds);

/** All references that begin so, sorted by them: what to do with those that are not many, {@link knownPlan} says. */
export function beginningSo(filter: RunFilter): Partition[] {
  const { reference } = filter;
  if (!reference?.isPrefix || reference.text === '') return [];
  return references(filter, referenceText(reference.text), { from: '', to: LAST_CHARACTER });
}

/** These are all runs whose reference begins as the filter asks. */
export function knownPlan(filter: RunFilter, ids: string[]): ListPlan {
  const { from, to } = boundsOf(filter);
  const known = ids.filter((id) => id >= from && id <= to);
  return planOf(filter, [], ['reference', 'archived'], known);
}

function idsNamed(named: string, { from, to }: Bounds): string[] {
  const id = idIn(named);
  return id?.length === WHOLE_ID && id >= from && id <= to ? [id] : [];
}

/** What every source says by itself: its keys begin with the workspace, its bounds are times and ids. */
const ALWAYS = ['workspace', 'id', 'from', 'to'] as const;

type Said = keyof RunFilter | ReturnType<typeof labelSaid>;

const labelSaid = (label: string) => `label ${label}` as const;

function planOf(filter: RunFilter, partitions: Partition[], answered: readonly Said[], known: string[] = []): ListPlan {
  const says = new Set<string>([...ALWAYS, ...answered]);
  const saysRest = sayRest(filter, says);
  const saysArchived = sayArchived(filter, says);
  return {
    partitions,
    known,
    says,
    // Few of those that are not looked for are archived.
    isExact: saysRest && (saysArchived || !filter.archived),
    isSaidByKeys: saysRest && saysArchived && known.length === 0,
  };
}

/** Whether what several of them have in common is all that fits. */
export function areSaidByKeys(filter: RunFilter, plans: readonly Pick<ListPlan, 'says'>[]): boolean {
  const says = new Set(plans.flatMap((plan) => [...plan.says]));
  return sayRest(filter, says) && sayArchived(filter, says);
}

const sayRest = ({ archived: _, labels = [], ...rest }: RunFilter, says: ReadonlySet<string>) =>
  labels.every((label) => says.has(labelSaid(label))) &&
  Object.entries(rest).every(([name, value]) => says.has(name) || value === undefined);

const sayArchived = ({ archived }: RunFilter, says: ReadonlySet<string>) => says.has('archived') || archived === 'any';
