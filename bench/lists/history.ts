import type { Item } from '../../shared/aws/items.ts';
import type { Run } from '../../shared/run/model/run.ts';
import { seenRun, unseenRun } from '../cost/count.ts';
import { type Bench, publish } from '../harness/bench.ts';
import { writePast } from '../harness/past-emulator.ts';
import { withRunsTable } from '../harness/runs-table.ts';
import { FAILING, LONG_WAIT, W3, WPAR } from '../harness/workflows.ts';
import { copyOf, type Model, modelOf } from './seed.ts';

const DAY_MS = 86_400_000;
const DAYS = 30;

/** What was stored, for those who ask for it. */
export interface History {
  /** Most runs are of this workflow; none of them has failed. */
  workflowId: string;
  /** Runs of that one brought about some others. */
  parentId: string;
}

interface Models {
  succeeded: Model;
  wide: Model;
  failed: Model;
  stopped: Model;
}

/** Stores so many runs, spread over the last thirty days: copies of a few that the engine has made. */
export async function storeHistory(bench: Bench, count: number): Promise<History> {
  return withRunsTable(bench.cloud, async (table) => {
    const w3 = await publish(bench, W3);
    const ids = {
      succeeded: await seenRun(bench, w3),
      wide: await seenRun(bench, await publish(bench, WPAR)),
      failed: await unseenRun(bench, await publish(bench, FAILING)),
      stopped: await stoppedRun(bench),
    };
    await bench.client.end(ids.failed);
    const models: Models = {
      succeeded: await modelOf(table, ids.succeeded),
      wide: await modelOf(table, ids.wide),
      failed: await modelOf(table, ids.failed),
      stopped: await modelOf(table, ids.stopped),
    };
    await writePast(bench.cloud.dataDir, table.name, itemsOf(models, count, ids.succeeded));
    return { workflowId: w3.id, parentId: ids.succeeded };
  });
}

async function stoppedRun(bench: Bench): Promise<string> {
  const workflow = await publish(bench, { ...LONG_WAIT, calls: 2 });
  const id = await unseenRun(bench, workflow);
  await bench.client.post(`/v1/workflows/${workflow.id}/command`, { command: 'stop', run_id: id, params: {} });
  return id;
}

/** The oldest first, as runs come: indexes grow at their end. */
function* itemsOf(models: Models, count: number, parent: string): Generator<Item> {
  const now = new Date();
  for (let n = count - 1; n >= 0; n--) {
    const createdMs = now.getTime() - Math.round(((n + 1) / (count + 1)) * DAYS * DAY_MS);
    yield* copyOf({ model: models[nameOf(n)], createdMs, with: differences(n, parent) }, now);
  }
}

/** Every twentieth has failed, every hundredth was stopped, every tenth did ten things at once. */
function nameOf(n: number): keyof Models {
  if (n % 20 === 0) return 'failed';
  if (n % 100 === 1) return 'stopped';
  return n % 10 === 2 ? 'wide' : 'succeeded';
}

/**
 * Every fiftieth was a draft, every two thousandth came by mail, every tenth was of another project, which the key does not open. A customer has every
 * five hundredth, every hundredth is archived.
 */
const differences = (n: number, parent: string): Partial<Run> => ({
  reference: `PO-${n}`,
  labels: [`customer:c-${n % 500}`, ...(n % 3 === 0 ? ['area:north'] : [])],
  ...(n % 100 === 6 && {
    archived: { actor: { kind: 'system' as const, id: 'bench', name: 'bench' }, at: new Date().toISOString() },
  }),
  ...(n % 50 === 3 && { stage: 'Draft' as const, version: null }),
  ...(n % 2000 === 7 ? { trigger: 'email' as const } : { trigger: 'api' as const }),
  ...(n % 10 === 4 && { project: 'bench-other' }),
  ...(n % 2500 === 9 && { parent, trigger: 'rerun' as const }),
});
