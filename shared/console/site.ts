import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { once } from '../kernel/once.ts';

/** A file of the console as it goes out. */
export interface SiteFile {
  bytes: Uint8Array;
  /** Packed, where that makes it smaller. */
  packed: Uint8Array | undefined;
  type: string;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

/** Names that the build gives: no folders, no dots at the beginning. */
const ASSET = /^[\w-][\w.-]*$/;

/** The built console: read as it is asked for, and kept. */
export class Site {
  readonly #folders: readonly string[];
  readonly #files = new Map<string, SiteFile>();

  /** The first of the folders that holds a console is served. */
  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** The page that shows all others. Looked for each time until it is there: it may be being built. */
  index(): SiteFile | undefined {
    return this.#read('index.html');
  }

  asset(name: string): SiteFile | undefined {
    return ASSET.test(name) && TYPES[extname(name)] ? this.#read(join('assets', name)) : undefined;
  }

  #read(name: string): SiteFile | undefined {
    const folder = this.#folders.find((one) => existsSync(join(one, 'index.html')));
    const path = folder && join(folder, name);
    if (!path || !existsSync(path)) return undefined;
    // A name with a hash in it is one content for ever; the index of an embedded console is built anew.
    if (name === 'index.html') return fileOf(path);
    const known = this.#files.get(path);
    if (known) return known;
    const file = fileOf(path);
    this.#files.set(path, file);
    return file;
  }
}

function fileOf(path: string): SiteFile {
  const bytes = readFileSync(path);
  const packed = gzipSync(bytes, { level: 9 });
  return {
    bytes,
    packed: packed.length < bytes.length ? packed : undefined,
    type: TYPES[extname(path)] ?? 'application/octet-stream',
  };
}

const NONCE = '__NONCE__';

/** The index with the word that its style elements carry: those that the editor makes. */
export const indexWith = (file: SiteFile, nonce: string) => Buffer.from(file.bytes).toString().replaceAll(NONCE, nonce);

/** What pages may do. `origins` are those beside their own that they speak to: those of the live connection and of the sign-in provider. */
export const policyOf = (origins: readonly string[], nonce: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    ['connect-src', "'self'", ...origins].join(' '),
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** What stands in for a console that is not there yet. It looks again by itself. */
export const beingBuilt = once(
  () => `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Millrun</title></head>
<body><h1>The console is not built yet</h1><p><code>npm start</code> builds it once it is up, which takes some seconds; this page looks again by itself.
Otherwise <code>npm run build:web</code> does. The API is there: <a href="/docs">its description</a>.</p></body></html>`,
);
