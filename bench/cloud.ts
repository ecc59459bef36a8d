import { MillrunProcess } from '../test/harness/millrun-process.ts';

export interface BenchCloud {
  pid: number;
  url: string;
  cloudUrl: string;
  dataDir: string;
  /** Where mail comes in. */
  smtpUrl: string;
  /** From the start of the process to the line that says it is ready. */
  readyMs: number;
  /** Ends it; or waits for its end when it was started with `--once`. */
  end(): Promise<void>;
}

/** `npm start` in a process of its own, with its own data folder and free ports. */
export async function bringUp(dataDir: string, { once = false } = {}): Promise<BenchCloud> {
  const cloud = new MillrunProcess({ dataDir, args: once ? ['--once'] : [] });
  const { api, cloud: cloudUrl, smtp, afterMs } = await cloud.ready;
  return {
    pid: cloud.pid,
    url: api,
    cloudUrl,
    dataDir,
    smtpUrl: smtp,
    readyMs: afterMs,
    async end() {
      const { code } = await (once ? cloud.ended : cloud.end());
      if (code !== 0) throw new Error(`The embedded cloud ended with ${code}:\n${cloud.output}`);
    },
  };
}
