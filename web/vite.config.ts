import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { operations } from '../shared/api/routes.ts';

const VIRTUAL = 'virtual:operations';
const RESOLVED = `\0${VIRTUAL}`;

/** The route table without its schemas: method and path by operation. The types come from the table itself. */
const routeTable: Plugin = {
  name: 'operations',
  resolveId: (id) => (id === VIRTUAL ? RESOLVED : undefined),
  load: (id) => {
    if (id !== RESOLVED) return undefined;
    const table = Object.entries(operations).map(([name, { method, path }]) => [name, [method, path]]);
    return `export default ${JSON.stringify(Object.fromEntries(table))};`;
  },
};

const API = process.env['API'] ?? 'http://127.0.0.1:4000';
const proxied = Object.fromEntries(
  ['/v1', '/v2', '/docs', '/openapi.json', '/schemas', '/hooks'].map((path) => [path, { target: API, ws: path === '/v1' }]),
);

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  publicDir: false,
  plugins: [react(), routeTable],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1200,
  },
  server: { port: 4173, proxy: proxied },
});
