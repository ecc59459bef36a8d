import { type Cloud, type StackSource, startCloud } from '../../local/cloud.ts';
import type { CloudOptions } from '../../local/options.ts';
import { refuseWhatIsNotGranted } from './granted.ts';
import { API_KEY } from './millrun-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * The stack in this process, on free ports, with a data folder of its own; functions may do what their roles allow. One at a time: Vitest gives every file a process, and within one
 * file a second cloud must wait for the first to be closed.
 */
export async function cloudInProcess(
  source?: StackSource,
  dataDir?: string,
  options: Partial<CloudOptions> = {},
): Promise<Cloud> {
  const folder = dataDir ? { path: dataDir, remove: () => {} } : temporaryFolder();
  const cloud = await startCloud({ port: 0, awsPort: 0, dataDir: folder.path, apiKey: API_KEY, ...options }, source);
  if (!source) await refuseWhatIsNotGranted();
  return {
    ...cloud,
    async close() {
      await cloud.close();
      folder.remove();
    },
  };
}
