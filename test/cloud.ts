import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cloud, type StackSource, startCloud } from '../local/cloud.ts';
import type { CloudOptions } from '../local/options.ts';

export const API_KEY = 'local-dev-key';

/** A folder that is gone when the test file is. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'millrun-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/**
 * The stack in this process, on free ports, with a data folder of its own. One at a time: Vitest gives every file a process, and within one
 * file a second cloud must wait for the first to be closed.
 */
export async function cloudInProcess(
  source?: StackSource,
  dataDir?: string,
  options: Partial<CloudOptions> = {},
): Promise<Cloud> {
  const folder = dataDir ? { path: dataDir, remove: () => {} } : temporaryFolder();
  const cloud = await startCloud({ port: 0, awsPort: 0, dataDir: folder.path, apiKey: API_KEY, ...options }, source);
  return {
    ...cloud,
    async close() {
      await cloud.close();
      folder.remove();
    },
  };
}

export interface CloudProcess {
  url: string;
  cloudUrl: string;
  child: ChildProcess;
  /** All that it wrote so far. */
  output(): string;
  /** Resolves when the output has come to match. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends a signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** `npm start` as people run it, in a process that can be killed. Resolves when it says that it is ready. */
export async function cloudProcess(
  dataDir: string,
  { environment = {}, args = [] }: { environment?: NodeJS.ProcessEnv; args?: string[] } = {},
): Promise<CloudProcess> {
  const started = startProcess(dataDir, { environment, args });
  const ready = await started.said(/millrun ready (\S+) cloud (\S+)/);
  return { ...started, url: ready[1] ?? '', cloudUrl: ready[2] ?? '' };
}

/** The same without waiting, for starts that are meant to fail. */
export function startProcess(
  dataDir: string,
  { environment = {}, args = [] }: { environment?: NodeJS.ProcessEnv; args?: string[] } = {},
) {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../local/start.ts'), ...args], {
    env: { ...process.env, PORT: '0', AWS_PORT: '0', SMTP_PORT: '0', DATA_DIR: dataDir, LOCAL_API_KEY: API_KEY, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const listeners = new Set<() => void>();
  const take = (chunk: Buffer) => {
    text += chunk;
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });

  return {
    child,
    ended,
    output: () => text,
    /** Resolves when the output has come to match. */
    said(pattern: RegExp): Promise<RegExpExecArray> {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(text);
          if (!found) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
        ended.then(() => reject(new Error(`It ended before it said ${pattern}:\n${text}`)));
      });
    },
    async end(signal: NodeJS.Signals = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}
