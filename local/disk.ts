import { statfsSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { gatewayAnswer } from './api-gateway/answer.ts';

/** With less the databases can no longer be sure to write, not even what brings them back in order. */
const NEEDED_BYTES = 16 * 1024 * 1024;
const LOOK_EVERY_MS = 1000;

const inMegabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

/** What to say when the disk of a folder has no room left for Millrun. */
export function fullDisk(folder: string, freeBytes = freeBytesOf(folder)): string | undefined {
  if (freeBytes >= NEEDED_BYTES) return undefined;
  return `The disk that holds ${folder} is full: ${inMegabytes(freeBytes)} are left, and ${inMegabytes(NEEDED_BYTES)} are needed. \
Make room, or set DATA_DIR to a folder on another disk.`;
}

function freeBytesOf(folder: string): number {
  const { bavail, blocks, bsize } = statfsSync(folder);
  // Some file systems do not know how large they are.
  return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize;
}

/** Says when the disk is full, and when it no longer is; meanwhile the API takes nothing that would have to be written. */
export class DiskWatch {
  #problem: string | undefined;
  readonly #look: () => string | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(look: () => string | undefined) {
    this.#look = look;
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  look(): void {
    const problem = this.#look();
    if (problem && !this.#problem) console.error(problem);
    if (!problem && this.#problem) console.error('There is room on the disk again.');
    this.#problem = problem;
  }

  guard(next: RequestListener): RequestListener {
    return (request, response) => {
      if (!this.#problem || request.method === 'GET' || request.method === 'OPTIONS') return next(request, response);
      const { status, headers, body } = gatewayAnswer(503, this.#problem);
      response.writeHead(status, { ...headers, 'retry-after': '10', connection: 'close' }).end(body);
    };
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** ENOSPC, EDQUOT and SQLite's own: where they come from says nothing, so that they are shown without a trace. */
export function shownError(error: unknown): unknown {
  const isFull =
    error instanceof Error &&
    (('errcode' in error && error.errcode === 13) || ('code' in error && ['ENOSPC', 'EDQUOT'].includes(String(error.code))));
  return isFull ? `The disk is full (${error.message}).` : error;
}
