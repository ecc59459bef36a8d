import { cpSync } from 'node:fs';
import { MillrunProcess } from '../../test/harness/millrun-process.ts';
import { temporaryFolder } from '../../test/harness/temporary-folder.ts';

export interface BenchCloud {
  pid: number;
  url: string;
  cloudUrl: string;
  dataDir: string;
  /** Where mail comes in. */
  smtpUrl: string;
  /** From the start of the process to the line that says it is ready. */
  readyMs: number;
  /** All that it has written so far. */
  output(): string;
  /** Ends it; or waits for its end when it was started with `--once`. */
  end(): Promise<void>;
  /** kill -9, of its database as well. */
  kill(): Promise<void>;
}

export interface CloudSettings {
  once?: boolean;
  environment?: Record<string, string>;
}

/** `npm start` in a process of its own, with its own data folder and free ports. */
export async function bringUp(dataDir: string, { once = false, environment = {} }: CloudSettings = {}): Promise<BenchCloud> {
  const cloud = new MillrunProcess({ dataDir, args: once ? ['--once'] : [], environment });
  const { api, cloud: cloudUrl, smtp, afterMs } = await cloud.ready;
  return {
    pid: cloud.pid,
    url: api,
    cloudUrl,
    dataDir,
    smtpUrl: smtp,
    readyMs: afterMs,
    output: () => cloud.output,
    async end() {
      const { code } = await (once ? cloud.ended : cloud.end());
      if (code !== 0) throw new Error(`The embedded cloud ended with ${code}:\n${cloud.output}`);
    },
    async kill() {
      await cloud.kill();
    },
  };
}

let shown: Promise<{ path: string; remove(): void }> | undefined;

/** A data folder in which the examples have been shown: a first start is busy with that. */
export async function usedFolder(): Promise<{ path: string; remove(): void }> {
  shown ??= firstFolder();
  const folder = temporaryFolder();
  cpSync((await shown).path, folder.path, { recursive: true });
  return folder;
}

async function firstFolder() {
  const folder = temporaryFolder();
  process.once('exit', () => folder.remove());
  await (await bringUp(folder.path, { once: true })).end();
  return folder;
}
