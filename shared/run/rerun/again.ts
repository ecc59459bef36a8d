import { type Plan, type PlannedStep, placeName } from '../../workflow/plan.ts';

const inList = (plan: Plan, step: PlannedStep) => {
  const place = placeName(step);
  return [...plan.steps.values()].filter((other) => other.parent === step.parent && placeName(other) === place);
};

/** Ids of the steps of the same list that come after it, near and far. */
export function successorsOf(plan: Plan, planned: PlannedStep): Set<string> {
  const peers = inList(plan, planned);
  const after = new Set<string>();
  const visit = (id: string) => {
    for (const peer of peers) {
      if (!peer.needs.includes(id) || after.has(peer.id)) continue;
      after.add(peer.id);
      visit(peer.id);
    }
  };
  visit(planned.id);
  return after;
}

/** The steps around it, innermost first. */
export function ancestorsOf(planned: PlannedStep): PlannedStep[] {
  return planned.parent ? [planned.parent, ...ancestorsOf(planned.parent)] : [];
}

const isHandler = ({ place }: PlannedStep) => place.kind === 'catch';

/** The groups that are entered again when a run starts over from a step in them. A step whose handler it stands in has failed before, and stays so. */
export function reopenedBy(from: PlannedStep): PlannedStep[] {
  const path = [from, ...ancestorsOf(from)];
  return path.flatMap((step) => (step.parent && !isHandler(step) ? [step.parent] : []));
}

/**
 * What is executed again when a run starts over from a step: the step, all that comes after it, and what comes after the groups it stands in.
 * The groups themselves are reopened, and their handlers wait for another failure.
 */
export function againFrom(plan: Plan, from: PlannedStep): Set<string> {
  const again = new Set([from.id]);
  for (const step of [from, ...ancestorsOf(from)]) for (const id of successorsOf(plan, step)) again.add(id);
  const reopened = new Set(reopenedBy(from));
  for (const step of plan.steps.values()) if (step.parent && isHandler(step) && reopened.has(step.parent)) again.add(step.id);
  for (const step of plan.steps.values()) if (ancestorsOf(step).some(({ id }) => again.has(id))) again.add(step.id);
  return again;
}
