import { StoreBusy } from '../../kernel/store-busy.ts';
import type { EngineServices, Places, Waiting } from '../ports.ts';

type Services = Pick<EngineServices, 'watcher'> & { places: Pick<Places, 'look' | 'waiting' | 'call' | 'heard'> };
/** Says in the journal of a run that it goes on. */
export type Admit = (runId: string) => Promise<void>;

/** Runs that are looked at together. */
const AT_ONCE = 4;

/**
 * Lets runs go on that wait, as many as there is room for, in the order in which they have come. Whoever makes room does this, and whoever comes to wait,
 * since room may have been made meanwhile. What breaks off is done by whoever comes next: a run that was called stands there as such until it knows.
 * `full`: with so many there is no room for whoever comes to wait, and those before it are for others to let in.
 */
export async function letIn(services: Services, place: string, admit: Admit, full?: number): Promise<void> {
  const told = new Set<string>();
  const tell = async (id: string) => {
    if (told.has(id)) return;
    told.add(id);
    await toldBy(services, place, admit, id);
  };
  let enough = full ?? Infinity;
  for (;;) {
    const { running, called } = await services.places.look(place);
    for (const id of called) await tell(id);
    if (running.length >= enough) return;
    const next = withRoom(await services.places.waiting(place, AT_ONCE), running.length);
    for (const run of next) {
      if (!(await services.places.call(place, run))) {
        // Somebody else has called it, and looks at those behind it; or has filled the room.
        enough = run.limit;
        break;
      }
      await tell(run.id);
    }
    // Whoever makes more room meanwhile lets in by itself.
    if (next.length < AT_ONCE && next.every(({ id }) => told.has(id))) return;
  }
}

/** Those that may go on beside so many others; nobody overtakes one that may not. */
function withRoom(waiting: Waiting[], running: number): Waiting[] {
  const end = waiting.findIndex(({ limit }, at) => running + at >= limit);
  return end < 0 ? waiting : waiting.slice(0, end);
}

/** One that cannot be told anything holds up no other. */
async function toldBy({ places, watcher }: Services, place: string, admit: Admit, id: string): Promise<void> {
  try {
    await admit(id);
    await places.heard(place, id);
  } catch (error) {
    if (error instanceof StoreBusy) throw error;
    watcher.startLost({ id }, error);
  }
}
