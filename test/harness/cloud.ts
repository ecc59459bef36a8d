import { type Cloud, type StackSource, startCloud } from '../../local/cloud.ts';
import type { CloudOptions } from '../../local/options.ts';
import { once } from '../../shared/kernel/once.ts';
import { refuseWhatIsNotGranted } from './granted.ts';
import { lastingPorts } from './lasting-ports.ts';
import { API_KEY } from './millrun-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Functions keep the addresses that they saw first, so all clouds of a process answer there. */
const portsOfProcess = once(async () => {
  const { PORT, AWS_PORT } = await lastingPorts();
  return { port: Number(PORT), awsPort: Number(AWS_PORT) };
});

/**
 * The stack in this process, with a data folder of its own; functions may do what their roles allow. One at a time: many test files share a process (vitest.config.ts), and a
 * second cloud must wait for the first to be closed.
 */
export async function cloudInProcess(
  source?: StackSource,
  dataDir?: string,
  options: Partial<CloudOptions> = {},
): Promise<Cloud> {
  const folder = dataDir ? { path: dataDir, remove: () => {} } : temporaryFolder();
  const ports = await portsOfProcess();
  const cloud = await startCloud({ ...ports, dataDir: folder.path, apiKey: API_KEY, ...options }, source);
  if (!source) await refuseWhatIsNotGranted();
  return {
    ...cloud,
    async close() {
      await cloud.close();
      folder.remove();
    },
  };
}
