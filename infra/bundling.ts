import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** Lambda gives credentials in the environment. The SDK imports its other ways to find some when they are needed, which is never. */
const credentialsFromElsewhere = [
  '@aws-sdk/credential-provider-http',
  '@aws-sdk/credential-provider-ini',
  '@aws-sdk/credential-provider-login',
  '@aws-sdk/credential-provider-process',
  '@aws-sdk/credential-provider-sso',
  '@aws-sdk/credential-provider-web-identity',
  '@smithy/credential-provider-imds',
];

/**
 * The zod of clients that are loaded when a step needs them. They use all of it, with every language; if they shared the copy of our own code, that
 * would have all of it too, and be loaded with every function.
 */
const zodOfClients = {
  'zod/v4': join(root, 'node_modules/zod/v4/index.cjs'),
  'zod/v4/core': join(root, 'node_modules/zod/v4/core/index.cjs'),
  'zod/v4/locales/en.js': join(root, 'node_modules/zod/v4/locales/en.cjs'),
  'zod/v4/mini': join(root, 'node_modules/zod/v4/mini/index.cjs'),
};

/** How a function becomes index.mjs, and files beside it with what it imports only when it is needed. Entries are paths from the root. */
export const bundling = (entry: string) =>
  ({
    entryPoints: [{ in: join(root, entry), out: 'index' }],
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    charset: 'utf8',
    mainFields: ['module', 'main'],
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    // The SDK travels along: pinned, and loaded faster than the copy in the runtime.
    external: credentialsFromElsewhere,
    alias: { '@smithy/core/event-streams': join(root, 'infra/without-event-streams.ts'), ...zodOfClients },
    // CommonJS dependencies call require, which an ES module does not have.
    banner: {
      js: "import { createRequire as bundleRequire } from 'node:module';const require = bundleRequire(import.meta.url);",
    },
    logLevel: 'warning',
  }) satisfies BuildOptions;
