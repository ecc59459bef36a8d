import { type Finding, unknownWord } from './diagnostic.ts';
import type { Plan, PlannedStep } from './plan.ts';
import { listOf } from './plan-of.ts';

/** What is wrong with `needs`: ids that are not in the same list, and cycles. Paths begin at the step. */
export function checkNeeds(plan: Plan, hidden: ReadonlySet<string>): Map<string, Finding[]> {
  const findings = new Map<string, Finding[]>();
  const add = (id: string, finding: Finding) => findings.set(id, [...(findings.get(id) ?? []), finding]);
  for (const planned of plan.steps.values()) {
    for (const [index, id] of (planned.step.needs ?? []).entries()) {
      const wrong = hidden.has(id) ? undefined : misplaced(plan, planned, id);
      if (wrong) add(planned.id, { at: ['needs'], mark: ['needs', index], ...wrong });
    }
  }
  for (const cycle of cyclesOf(plan)) {
    const [first] = cycle;
    if (first !== undefined)
      add(first, { at: ['needs'], message: `makes a cycle: ${[...cycle, first].map((id) => `"${id}"`).join(' needs ')}` });
  }
  return findings;
}

function misplaced(plan: Plan, planned: PlannedStep, id: string): { message: string; suggestion?: string } | undefined {
  if (id === planned.id) return { message: `step "${id}" cannot need itself` };
  const needed = plan.steps.get(id);
  const siblings = listOf(plan, planned).filter((sibling) => sibling !== planned.id);
  if (!needed) {
    const { message, suggestion } = unknownWord('step', id, siblings);
    const missing = message.replace(JSON.stringify(id), `${JSON.stringify(id)} does not exist`);
    return { message: missing, ...(suggestion !== undefined && { suggestion }) };
  }
  if (siblings.includes(id)) return undefined;
  const home = needed.parent ? `inside "${needed.parent.id}"` : 'in the list of the whole document';
  return { message: `step "${id}" stands ${home}; needs names steps of the same list only${adviceOn(plan, planned, needed)}` };
}

/** Which of the two holders, where their ways part, can wait for the other. */
function adviceOn(plan: Plan, planned: PlannedStep, needed: PlannedStep): string {
  for (let at: PlannedStep | null = planned; at; at = at.parent) {
    const siblings = listOf(plan, at).filter((id) => id !== at?.id);
    for (let other: PlannedStep | null = needed; other; other = other.parent) {
      if (!siblings.includes(other.id)) continue;
      const what = other === needed ? `"${other.id}"` : `"${other.id}", which holds it`;
      return at === planned ? `: name ${what}` : `: name ${what}, in needs of "${at.id}", which holds "${planned.id}"`;
    }
  }
  return '';
}

/** Every step on a cycle is named in one of these. */
function cyclesOf(plan: Plan): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  for (const start of plan.steps.keys()) {
    const path: string[] = [];
    let id: string | undefined = start;
    // Following one unfinished need after another ends at a finished step or runs into a cycle.
    while (id !== undefined) {
      const met: number = path.indexOf(id);
      if (met >= 0) {
        const cycle = path.slice(met).reverse();
        cycles.push(cycle.reverse());
        for (const member of path) done.add(member);
        break;
      }
      path.push(id);
      const next: string | undefined = plan.steps.get(id)?.needs.find((need) => !done.has(need));
      if (next === undefined) {
        done.add(id);
        path.pop();
        id = path.pop();
      } else {
        id = next;
      }
    }
  }
  return cycles;
}
