import * as z from 'zod';
import { groupKind } from '../step/registry.ts';
import type { Plan, PlannedStep } from '../workflow/plan.ts';
import { itemScope, tryScope } from './scope.ts';
import { hasEnded, isPassed, type StepRow } from './step-row.ts';

/**
 * Where a step stands: `row` has one; `reached` may be in flight without having said so; `queued` likewise, in an item of a loop that
 * has shown no sign of life; `unreached` waits for something that has not ended; `untaken` lies on a path that was not taken.
 */
export type Place = 'row' | 'reached' | 'queued' | 'unreached' | 'untaken';

export interface Surveyed {
  planned: PlannedStep;
  scope: string;
  key: string;
  place: Place;
  row?: StepRow | undefined;
}

type Entered = 'yes' | 'queued' | 'no' | 'untaken';

const PLACE_WITHOUT_ROW = { yes: 'reached', queued: 'queued', no: 'unreached', untaken: 'untaken' } as const satisfies Record<
  Entered,
  Place
>;
const width = z.object({ concurrency: z.int().default(10) });

/** Every step of a run in its place, in the order of the document: what settling closes and what the context shows. */
export function survey(plan: Plan, rows: ReadonlyMap<string, StepRow>): Surveyed[] {
  const found: Surveyed[] = [];
  const seen = new Set<string>();
  const items = startedItems(rows);

  const visitList = (ids: string[], scope: string, entered: Entered) => {
    for (const id of ids) {
      const planned = plan.steps.get(id);
      if (planned) visit(planned, scope, entered);
    }
  };

  const visit = (planned: PlannedStep, scope: string, entered: Entered) => {
    const key = scope + planned.id;
    const row = rows.get(key);
    const ready = planned.needs.every((need) => hasPassed(plan, rows, need, scope));
    const here: Entered = (entered === 'yes' || entered === 'queued') && !ready ? 'no' : entered;
    seen.add(key);
    found.push({ planned, scope, key, row, place: row ? 'row' : PLACE_WITHOUT_ROW[here] });
    for (const [list, ids] of planned.lists) visitInside(planned, list, ids, scope, row, here);
  };

  const visitInside = (
    planned: PlannedStep,
    list: string,
    ids: string[],
    scope: string,
    row: StepRow | undefined,
    here: Entered,
  ) => {
    if (/^catch\d+$/.test(list)) return visitList(ids, scope, row?.handler === Number(list.slice(5)) ? 'yes' : 'untaken');
    const kind = groupKind(planned.step.kind);
    const inner = planned.step.retry ? tryScope(scope, planned.id, row?.tries ?? 1) : scope;
    const entered = enteredInside(planned, list, row, here, kind.asks);
    if (!kind.loops) return visitList(ids, inner, entered);

    const started = items.get(inner + planned.id) ?? new Set<number>();
    // Items under way take a place each; only so many more may have been handed out without a sign.
    const itemOf = (index: number) => itemScope(inner, planned.id, index);
    const busy = [...started].filter((index) => !ids.every((id) => hasPassed(plan, rows, id, itemOf(index)))).length;
    let ahead = row && hasEnded(row) ? 0 : width.parse(planned.step.spec).concurrency - busy;
    for (let index = 0; index < (row?.itemCount ?? 0); index++) {
      if (started.has(index)) visitList(ids, itemOf(index), entered);
      else if (ahead-- > 0) visitList(ids, itemOf(index), entered === 'yes' ? 'queued' : entered);
    }
  };

  visitList(plan.top, '', 'yes');
  for (const row of rows.values()) {
    const planned = plan.steps.get(row.id);
    if (planned && !seen.has(row.key)) found.push({ planned, scope: row.scope, key: row.key, row, place: 'row' });
  }
  return found;
}

/** Whether what comes after the step may start: it has passed, or the handler that took its failure has. */
export function hasPassed(plan: Plan, rows: ReadonlyMap<string, StepRow>, id: string, scope: string): boolean {
  const row = rows.get(scope + id);
  if (row?.status !== 'failed' || row.handler === undefined) return row !== undefined && isPassed(row);
  const handler = plan.steps.get(id)?.lists.get(`catch${row.handler}`) ?? [];
  return handler.every((inner) => hasPassed(plan, rows, inner, scope));
}

function enteredInside(planned: PlannedStep, list: string, row: StepRow | undefined, here: Entered, asks: boolean): Entered {
  if (row?.status === 'skipped') return row.reason === 'condition' ? 'untaken' : 'no';
  if (row?.case !== undefined && row.case !== list) return 'untaken';
  if (row) return hasEnded(row) && row.status !== 'succeeded' ? 'no' : 'yes';
  return asks || planned.step.if !== undefined || planned.step.retry ? (here === 'untaken' ? 'untaken' : 'no') : here;
}

/** Loop key to the indices that have left a row. */
function startedItems(rows: ReadonlyMap<string, StepRow>): Map<string, Set<number>> {
  const started = new Map<string, Set<number>>();
  for (const { scope } of rows.values()) {
    for (const match of scope.matchAll(/\[(\d+)\]\//g)) {
      const loop = scope.slice(0, match.index);
      const indices = started.get(loop) ?? new Set();
      started.set(loop, indices.add(Number(match[1])));
    }
  }
  return started;
}
