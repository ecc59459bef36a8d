import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { AssetHashType, DockerImage } from 'aws-cdk-lib/core';

const root = join(import.meta.dirname, '..');

/** The code of a function: its bundle. NodejsFunction would make one file of it, which loads whatever any step may need. */
export const bundled = (entry: string): Code =>
  made(entry, (folder) => {
    run('infra/bundle.ts', entry, folder);
  });

/** The same, with the console beside it, which is built first unless it is there. */
export const bundledWithConsole = (entry: string): Code =>
  made(entry, (folder) => {
    run('web/build.ts');
    run('infra/bundle.ts', entry, folder);
    cpSync(join(root, 'web/dist'), join(folder, 'console'), { recursive: true });
  });

function made(entry: string, make: (folder: string) => void): Code {
  const tryBundle = (folder: string) => {
    make(folder);
    return true;
  };
  // Never a container: the image and its command only tell one asset from another.
  const bundling = { image: DockerImage.fromRegistry('none'), command: [entry], local: { tryBundle } };
  return Code.fromAsset(root, { assetHashType: AssetHashType.OUTPUT, bundling });
}

function run(script: string, ...args: string[]): void {
  execFileSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: ['ignore', process.stderr, 'inherit'] });
}
