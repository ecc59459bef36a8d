import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { API_KEY } from './client.ts';

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
export async function bringUp(dataDir: string, { once: once_ = false } = {}): Promise<BenchCloud> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(import.meta.dirname, '../local/start.ts'), ...(once_ ? ['--once'] : [])], {
    env: { ...process.env, PORT: '0', AWS_PORT: '0', SMTP_PORT: '0', DATA_DIR: dataDir, LOCAL_API_KEY: API_KEY },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const [, url = '', cloudUrl = '', smtpUrl = ''] = await said(
    child,
    /millrun ready (\S+) cloud (\S+)\nmail comes in at (\S+)\n/,
    ended,
  );
  const readyMs = performance.now() - startedAt;
  return {
    pid: child.pid ?? 0,
    url,
    cloudUrl,
    dataDir,
    smtpUrl,
    readyMs,
    async end() {
      if (!once_) child.kill('SIGTERM');
      const [code] = await ended;
      if (code !== 0) throw new Error(`The embedded cloud ended with ${code}`);
    },
  };
}

function said(child: ChildProcess, pattern: RegExp, ended: Promise<unknown>): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk;
      const found = pattern.exec(text);
      if (found) resolve(found);
    });
    ended.then(() => reject(new Error(`The embedded cloud ended before it was ready:\n${text}`)));
  });
}
