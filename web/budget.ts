import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What the console may weigh, in bytes after gzip. */
const FIRST_PAGE = 260_000;
const CHUNK = 200_000;

const dist = join(import.meta.dirname, 'dist');
const packed = (file: string) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
const index = readFileSync(join(dist, 'index.html'), 'utf8');
const first = [...index.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, file = '']) => file);
const page = packed('index.html') + first.reduce((sum, file) => sum + packed(file), 0);
const chunks = readdirSync(join(dist, 'assets')).map((file) => ({ file, bytes: packed(`assets/${file}`) }));

console.log(
  `console: first page ${page} of ${FIRST_PAGE} bytes, largest chunk ${Math.max(...chunks.map(({ bytes }) => bytes))} of ${CHUNK}`,
);
const heavy = chunks.filter(({ file, bytes }) => bytes > CHUNK && !first.includes(`assets/${file}`));
for (const { file, bytes } of heavy) console.error(`${file} has ${bytes} bytes`);
if (page > FIRST_PAGE || heavy.length > 0) process.exit(1);
