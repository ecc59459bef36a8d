import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './statistics.ts';

/** What does not depend on Millrun: figures of two days are compared by it. */
export interface Machine {
  /** Processor time of a hundred million multiplications and additions. */
  loopMs: number;
  /** To write a page to the disk. */
  diskMs: number;
}

const ROUNDS = 100_000_000;
const WRITES = 200;
const PAGE = Buffer.alloc(4096);

export function theMachine(): Machine {
  const folder = mkdtempSync(join(tmpdir(), 'millrun-bench-'));
  const file = openSync(join(folder, 'page'), 'w');
  try {
    const write = () => {
      writeSync(file, PAGE);
      fdatasyncSync(file);
    };
    return { loopMs: loop(), diskMs: median(Array.from({ length: WRITES }, () => timed(write))) };
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}

function timed(act: () => void): number {
  const begun = performance.now();
  act();
  return performance.now() - begun;
}

function loop(): number {
  const begun = process.cpuUsage();
  let sum = 0;
  for (let round = 0; round < ROUNDS; round += 1) sum = (Math.imul(sum, 31) + round) | 0;
  const { user, system } = process.cpuUsage(begun);
  // Said, so that no compiler leaves the loop out.
  if (!Number.isInteger(sum)) throw new Error('The sum is no number.');
  return (user + system) / 1000;
}
