import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { toJSONSchema, type ZodType } from 'zod';
import { operations } from '../shared/api/routes.ts';
import { CONNECTION_TYPES } from '../shared/connection/connection-type.ts';
import { limits } from '../shared/connection/limits.ts';
import type { Operation } from '../shared/edge/route.ts';

const asked = (schema: ZodType) => toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });

/** What the console takes from the API at build time, without the schemas that all of it is made from. */
const MODULES: Record<string, () => unknown> = {
  // Of each operation its method, its path, and whether it takes a body. The types come from the table itself.
  'virtual:operations': () =>
    Object.fromEntries(
      Object.entries<Operation>(operations).map(([name, { method, path, body }]) => [name, [method, path, body !== undefined]]),
    ),
  // What forms ask for, as JSON Schema: a field that the API takes is a field of the form.
  'virtual:forms': () => ({
    connections: Object.fromEntries(
      Object.entries(CONNECTION_TYPES).map(([type, { settings, secret }]) => [
        type,
        { settings: asked(settings), secret: asked(secret) },
      ]),
    ),
    eventRule: asked(operations.createEventRule.body),
    eventRuleChange: asked(operations.changeEventRule.body),
    limits: asked(limits),
    mailbox: asked(operations.putMailbox.body),
    schedule: asked(operations.createSchedule.body),
    queue: asked(operations.createQueue.body),
    queueChange: asked(operations.changeQueue.body),
    testChange: asked(operations.changeTest.body),
    webhook: asked(operations.createWebhook.body),
    webhookChange: asked(operations.changeWebhook.body),
  }),
};

const fromApi: Plugin = {
  name: 'from-api',
  resolveId: (id) => (id in MODULES ? `\0${id}` : undefined),
  load: (id) => {
    const made = MODULES[id.replace('\0', '')];
    return id.startsWith('\0') && made ? `export default ${JSON.stringify(made())};` : undefined;
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
  plugins: [react(), fromApi],
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
