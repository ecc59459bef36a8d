'use strict';

/*
 * `node launch.cjs <file.ts, option of Node or command of a package> ...` runs it with the Node that package-lock.json pins, once what that names is installed.
 * npm cannot be asked for that: npm 10 leaves no `node` in node_modules/.bin. In the syntax of Node 14, so that old ones can say what is wrong.
 */

const OLDEST_NODE = 20;
/** The first that runs our TypeScript and has the SQLite that we use. */
const OWN_NODE = 24;

if (majorOf(process.versions.node) < OLDEST_NODE) {
  fail(
    `Millrun needs Node ${OLDEST_NODE} or newer, this is ${process.version}. Install a newer one (https://nodejs.org) and try again.`,
  );
}

const { spawn, spawnSync } = require('node:child_process');
const { existsSync, readFileSync, rmSync } = require('node:fs');
const { constants } = require('node:os');
const { delimiter, dirname, join } = require('node:path');

const root = __dirname;
const [command, ...args] = process.argv.slice(2);
if (command === undefined) fail('Usage: node launch.cjs <file.ts, option of Node or command of a package> ...');

const lock = packagesIn('package-lock.json');
const nodePackage = `node_modules/node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
if (!isInstalled(lock, packagesIn('node_modules/.package-lock.json'))) install();
const isForNode = /^-|\.[cm]?ts$/.test(command);
run(nodeToUse(), [isForNode ? command : fileOf(command), ...args]);

function majorOf(version) {
  return Number(version.split('.')[0]);
}

function fail(message, code = 1) {
  console.error(message);
  process.exit(code);
}

/** What a lock file names, by path; npm leaves the second of them when it is done. */
function packagesIn(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch {
    return {};
  }
}

/** Optional packages may be absent, as most are for other platforms; the Node of this one may not. */
function isInstalled(named, installed) {
  const needed = Object.keys(named).filter((path) => path !== '' && (!named[path].optional || path === nodePackage));
  return (
    needed.every((path) => path in installed) &&
    Object.keys(installed).every((path) => named[path]?.version === installed[path].version && existsSync(join(root, path)))
  );
}

function install() {
  console.error('Installing what package-lock.json names (npm ci). This takes a minute and 650 MB, and is done once.');
  const npmCli = process.env.npm_execpath;
  const [npm, ...first] = npmCli?.endsWith('npm-cli.js') ? [process.execPath, npmCli] : ['npm'];
  const { status, error } = spawnSync(npm, [...first, 'ci', '--include=dev', '--include=optional'], {
    cwd: root,
    // Standard output is that of the command.
    stdio: ['ignore', 2, 2],
    shell: npm === 'npm' && process.platform === 'win32',
  });
  if (error) fail(`npm cannot be started (${error.message}). Install it, run \`npm ci\` and try again.`);
  if (status !== 0) fail('`npm ci` has failed; what it says is above. Mend that and try again.', status || 1);
  // 67 MB of headers for native modules, of which there are none.
  rmSync(join(root, nodePackage, 'include'), { recursive: true, force: true });
}

function nodeToUse() {
  if (nodePackage in lock) return join(root, nodePackage, lock[nodePackage].bin.node);
  if (majorOf(process.versions.node) >= OWN_NODE) return process.execPath;
  return fail(
    `For ${process.platform} on ${process.arch} no Node comes along, and this is ${process.version}. Install Node ${OWN_NODE} (https://nodejs.org) and try again.`,
  );
}

function fileOf(name) {
  const path = Object.keys(lock).find((one) => lock[one].bin?.[name] && one.split('node_modules/').length === 2);
  return path
    ? join(root, path, lock[path].bin[name])
    : fail(`"${name}" is neither a .ts file nor a command of a package in package-lock.json.`);
}

/** Ends as the command ends. What it starts finds the same Node, and what that has compiled before. */
function run(node, nodeArgs) {
  const path = `${dirname(node)}${delimiter}${process.env.PATH}`;
  const compiled = process.env.NODE_COMPILE_CACHE || join(root, 'node_modules/.cache/millrun/compiled');
  const env = Object.assign({}, process.env, { PATH: path, NODE_COMPILE_CACHE: compiled });
  const child = spawn(node, nodeArgs, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`${node} cannot be started: ${error.message}. Remove node_modules and try again.`));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
}
