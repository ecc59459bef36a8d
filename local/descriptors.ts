import * as z from 'zod';

const report = z.object({
  userLimits: z.object({ open_files: z.object({ soft: z.union([z.number(), z.literal('unlimited')]) }) }),
});

/** Where the system does not say. */
const USUAL_LIMIT = 10_240;
/** Databases, ports, files being read, the emulator, and SDK clients, whose connections have both their ends in this process. */
const TAKEN = 112;

/** How many connections each part of this process may have open at once, so that none is refused the descriptor that it needs. */
export interface Connections {
  api: number;
  aws: number;
  mail: number;
  httpSteps: number;
}

/** Shares out what the limit leaves. A call of the sample services counts twice: it comes in here as well. */
export function sharedOut(limit: number): Connections {
  const left = Math.max(48, limit - TAKEN);
  const httpSteps = Math.floor(left / 6);
  return { api: Math.floor(left / 2), aws: httpSteps + 64, mail: Math.floor(left / 12), httpSteps };
}

/** The descriptors that this process may have open (`ulimit -n`). */
export function openFilesLimit(): number {
  if (!process.report) return USUAL_LIMIT;
  // It would ask the name server about every peer. The types do not know it yet.
  Reflect.set(process.report, 'excludeNetwork', true);
  const parsed = report.safeParse(process.report.getReport());
  const soft = parsed.data?.userLimits.open_files.soft;
  return typeof soft === 'number' ? soft : USUAL_LIMIT;
}
