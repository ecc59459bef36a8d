import { useQuery } from '@tanstack/react-query';
import { call } from '../api/call.ts';
import { definitionQuery, type OutlinedStep, outlineQuery, type Run, type StepState } from '../api/queries.ts';

const PAGE = 1000;
const MOST_MISSING = 60;

/** A line of the list of steps: a step in its place, and what has become of it. */
export interface StepRow {
  key: string;
  step: OutlinedStep;
  state: StepState | undefined;
  depth: number;
  /** The list it stands in, when it has a name: a branch, a handler. */
  branch: string | undefined;
  /** How many items or rounds there are of a loop, or tries of a group. */
  items: readonly string[];
}

/** What the run has done so far, with the steps it follows. */
export function useSteps(run: Run) {
  const definition = useQuery(definitionQuery(run.id, run.definition));
  const outline = useQuery(outlineQuery(definition.data?.source));
  const plan = outline.data?.plan ?? undefined;
  const context = useQuery({
    queryKey: ['run', run.id, 'context', plan !== undefined],
    queryFn: async ({ signal }) => {
      const params = { run_id: run.id };
      const page = await call('getRunContext', { params, query: { limit: PAGE } }, signal);
      if (page.continuation_token === null) return { ...page, isCut: false };
      // Of a run with thousands of items the first page holds items: the steps around them are asked for one by one.
      const found = new Set(page.steps.map(({ key }) => key));
      const missing = (plan?.steps ?? []).filter(({ step }) => !found.has(step)).slice(0, MOST_MISSING);
      const more = await Promise.all(
        missing.map(({ step }) => call('getRunContext', { params, query: { step } }, signal).then(({ steps }) => steps)),
      );
      return { ...page, steps: [...page.steps, ...more.flat()], isCut: true };
    },
    placeholderData: (previous) => previous,
  });
  const states = context.data?.steps ?? [];
  return {
    source: definition.data?.source,
    plan,
    states,
    variables: context.data?.variables,
    isCut: context.data?.isCut ?? false,
    isPending: context.isPending || (outline.isPending && !outline.isError && !definition.isError),
    error: context.error ?? definition.error,
    rows: (open: ReadonlySet<string>) => (plan ? rowsOf(plan.steps, states, open) : looseRows(states)),
  };
}

/** The rows of a list and of what is open in it. */
function rowsOf(steps: readonly OutlinedStep[], states: readonly StepState[], open: ReadonlySet<string>): StepRow[] {
  const byKey = new Map(states.map((state) => [state.key, state]));
  const scopesOf = new Map<string, Set<string>>();
  for (const { scope } of states) {
    // `stock[3]/` of step `stock`, `a[0]/fetch~2/` of `a[0]/fetch`.
    for (const [whole, holder] of scope.matchAll(/(?<=^|\/)([^/[~]+)(\[\d+\]|~\d+)\//g)) {
      const end = scope.indexOf(whole) + whole.length;
      const key = scope.slice(0, end - whole.length) + holder;
      scopesOf.set(key, (scopesOf.get(key) ?? new Set()).add(scope.slice(0, end)));
    }
  }
  const rows: StepRow[] = [];
  const add = (list: readonly OutlinedStep[], scope: string, depth: number, branch: string | undefined) => {
    for (const step of list) {
      const key = scope + step.step;
      const items = [...(scopesOf.get(key) ?? [])];
      rows.push({ key, step, state: byKey.get(key), depth, branch, items });
      for (const [name, inner] of Object.entries(step.inside ?? {})) {
        const isHandler = name.startsWith('catch[');
        if (isHandler && !inner.some((one) => byKey.get(scope + one.step)?.started_at)) continue;
        if (isHandler || !isLoop(step)) {
          const inScope = !isHandler && items.length > 0 ? (items.at(-1) ?? scope) : scope;
          add(inner, inScope, depth + 1, branchName(step, name));
        } else if (open.has(key)) {
          for (const item of items) {
            if (!open.has(item) && items.length > 1 && inner.length > 1) continue;
            add(inner, item, depth + 1, item.slice(scope.length, -1));
          }
        }
      }
    }
  };
  add(steps, '', 0, undefined);
  return rows;
}

const LOOPS = new Set(['forEach', 'repeat']);
export const isLoop = ({ kind }: { kind: string }) => LOOPS.has(kind);

const branchName = ({ kind }: OutlinedStep, name: string) =>
  name.startsWith('catch[') ? 'catch' : kind === 'forEach' || kind === 'repeat' ? undefined : name;

/** Without a plan (its text cannot be read any more) the steps stand as they are. */
const looseRows = (states: readonly StepState[]): StepRow[] =>
  states.map((state) => ({
    key: state.key,
    step: { step: state.step, kind: state.kind, title: state.title, line: 0, needs: [], conditional: false, calls: null },
    state,
    depth: state.scope === '' ? 0 : state.scope.split('/').length - 1,
    branch: undefined,
    items: [],
  }));

/** The step that a reader wants to see first. */
export function firstStep(run: Run, states: readonly StepState[]): string | undefined {
  const failed = states.filter(({ status }) => status === 'failed');
  const inner =
    failed.find(({ error, step, kind }) => error && run.error?.step === step && kind !== 'forEach' && kind !== 'parallel') ??
    failed.at(-1);
  if (inner) return inner.key;
  const live = states.filter(({ status }) => status === 'running' || status === 'waiting');
  return (live.at(-1) ?? (run.ended_at ? undefined : states.findLast(({ started_at }) => started_at)))?.key;
}
