import { build } from 'esbuild';
import { bundling } from './bundling.ts';

/** `node infra/bundle.ts <entry> <folder>` bundles a function. */
const [entry = '', outdir = ''] = process.argv.slice(2);
await build({ ...bundling(entry), outdir });
