import { execFile } from 'node:child_process';
import { join } from 'node:path';

const BUILD = join(import.meta.dirname, '../web/build.ts');

/** Builds the console unless it is there as its source says, in a process of its own: some seconds once, and nothing later. */
export function buildConsole(): void {
  execFile(process.execPath, [BUILD], (error, _, said) => {
    if (error) console.error(`The console could not be built (npm run build:web tries again): ${said || error.message}`);
  }).unref();
}
