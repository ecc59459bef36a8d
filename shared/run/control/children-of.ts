import type { Run } from '../model/run.ts';
import type { StartServices } from '../start/start-request.ts';
import type { Told } from '../tell/tell.ts';

/** The runs that a run's steps wait for, as they stand now. */
export async function childrenOf({ runs }: StartServices, { run, state }: Told): Promise<Run[]> {
  const ids = [...state.active].flatMap((key) => {
    const step = state.step(key);
    return step?.child !== undefined && step.childEnded === undefined ? [step.child] : [];
  });
  const children = await Promise.all(ids.map((id) => runs.get(id)));
  return children.filter((child): child is Run => child?.parent === run.id);
}
