import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/harness/temporary-folder.ts';
import { bringUp } from '../harness/cloud.ts';
import { median } from '../harness/statistics.ts';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/millrun');
const ASIDE = `${CACHE}.aside`;

/** Medians in milliseconds from the start of the process to the ready line, each time with an empty data folder. */
export interface Boots {
  /** As the first start after `npm ci`: the template has to be synthesized and every module compiled. */
  coldMs: number | null;
  warmMs: number;
}

export async function boots({ cold, warm }: { cold: number; warm: number }): Promise<Boots> {
  const colds = await times(cold, async () => withoutCache(bootOnce));
  return { coldMs: cold > 0 ? median(colds) : null, warmMs: median(await times(warm, bootOnce)) };
}

async function bootOnce(): Promise<number> {
  const folder = temporaryFolder();
  try {
    const cloud = await bringUp(folder.path, { once: true });
    await cloud.end();
    return cloud.readyMs;
  } finally {
    folder.remove();
  }
}

async function withoutCache(boot: () => Promise<number>): Promise<number> {
  const cached = existsSync(CACHE);
  if (cached) renameSync(CACHE, ASIDE);
  try {
    return await boot();
  } finally {
    if (cached) {
      rmSync(CACHE, { recursive: true, force: true });
      renameSync(ASIDE, CACHE);
    }
  }
}

async function times(count: number, act: () => Promise<number>): Promise<number[]> {
  const samples: number[] = [];
  for (let n = 0; n < count; n++) samples.push(await act());
  return samples;
}
