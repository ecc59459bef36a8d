import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { AssetHashType, DockerImage } from 'aws-cdk-lib/core';
import { type BuildOptions, buildSync } from 'esbuild';
import { once } from '../shared/kernel/once.ts';

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
 * would have all of it too, and be loaded with every run.
 */
const zodOfClients = {
  'zod/v4': join(root, 'node_modules/zod/v4/index.cjs'),
  'zod/v4/core': join(root, 'node_modules/zod/v4/core/index.cjs'),
  'zod/v4/locales/en.js': join(root, 'node_modules/zod/v4/locales/en.cjs'),
  'zod/v4/mini': join(root, 'node_modules/zod/v4/mini/index.cjs'),
};

/** How a function becomes one file. */
export const bundling = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  charset: 'utf8',
  logLevel: 'warning',
  mainFields: ['module', 'main'],
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  // The SDK travels along: pinned, and loaded faster than the copy in the runtime.
  external: credentialsFromElsewhere,
  alias: { '@smithy/core/event-streams': join(root, 'infra/without-event-streams.ts'), ...zodOfClients },
  // CommonJS dependencies call require, which an ES module does not have.
  banner: { js: "import { createRequire as bundleRequire } from 'node:module';const require = bundleRequire(import.meta.url);" },
} satisfies BuildOptions;

/** Entries below functions/ with clients that only some steps need: decision 032. */
const IN_PARTS = ['worker/drive-run'];

/** How an entry becomes index.mjs; where it comes in parts, with files beside it for what it imports when it is needed. */
export const bundlingOf = (entry: string) =>
  ({
    ...bundling,
    splitting: IN_PARTS.includes(entry),
    entryPoints: [{ in: join(root, `functions/${entry}.ts`), out: 'index' }],
    outExtension: { '.js': '.mjs' },
  }) satisfies BuildOptions;

/** Every entry below functions/ as `<entry>/index.mjs`. All at once: that reads once what they share, and takes a tenth of the time. */
const bundles = once(() => {
  const cache = join(root, 'node_modules/.cache/millrun');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'bundles-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const entries = globSync('*/*.ts', { cwd: join(root, 'functions') }).map((file) => file.replace(/\.ts$/, ''));
  const whole = entries.filter((entry) => !IN_PARTS.includes(entry));
  buildSync({
    ...bundling,
    entryPoints: Object.fromEntries(whole.map((entry) => [`${entry}/index`, join(root, `functions/${entry}.ts`)])),
    outExtension: { '.js': '.mjs' },
    outdir: folder,
  });
  // Each by itself: files that several entries share would lie beside none of them.
  for (const entry of IN_PARTS) buildSync({ ...bundlingOf(entry), outdir: join(folder, entry) });
  return folder;
});

/** The code of an entry, with what `add` puts beside it. */
export function bundled(entry: string, add: (folder: string) => void = () => {}): Code {
  return Code.fromAsset(root, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled: `local` does not fail but by throwing. The command is what tells one asset from the other.
      image: DockerImage.fromRegistry('none'),
      command: [entry],
      local: {
        tryBundle(folder) {
          cpSync(join(bundles(), entry), folder, { recursive: true });
          add(folder);
          return true;
        },
      },
    },
  });
}

/** Puts the console there, which is built first unless it is. */
export function addConsole(folder: string): void {
  execFileSync(process.execPath, [join(root, 'web/build.ts')], { stdio: ['ignore', 2, 2] });
  cpSync(join(root, 'web/dist'), join(folder, 'console'), { recursive: true });
}
