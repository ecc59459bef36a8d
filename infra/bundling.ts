import { join } from 'node:path';
import { type BundlingOptions, LogLevel, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';

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

/** How every function becomes one file. */
export const bundling = {
  format: OutputFormat.ESM,
  logLevel: LogLevel.WARNING,
  mainFields: ['module', 'main'],
  minify: true,
  sourceMap: true,
  sourcesContent: false,
  // The SDK travels along: pinned, and loaded faster than the copy in the runtime.
  externalModules: credentialsFromElsewhere,
  esbuildArgs: {
    '--alias': [`@smithy/core/event-streams=${join(import.meta.dirname, 'without-event-streams.ts')}`],
    // Here, since the construct does not hand its own option for it to esbuild.
    '--charset': 'utf8',
  },
  // CommonJS dependencies call require, which an ES module does not have.
  banner: "import { createRequire as bundleRequire } from 'node:module';const require = bundleRequire(import.meta.url);",
} satisfies BundlingOptions;

const root = join(import.meta.dirname, '..');

/** The same, with the console beside it, which is built first unless it is there. */
export const withConsole = {
  ...bundling,
  commandHooks: {
    beforeBundling: () => [`"${process.execPath}" "${join(root, 'web/build.ts')}"`],
    beforeInstall: () => [],
    afterBundling: (_: string, outputDir: string) => [
      `"${process.execPath}" -e "fs.cpSync(process.argv[1], process.argv[2], { recursive: true })" "${join(root, 'web/dist')}" "${join(outputDir, 'console')}"`,
    ],
  },
} satisfies BundlingOptions;
