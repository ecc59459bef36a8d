import { buildConsole } from './build-console.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { runDemo } from './demo.ts';
import { shownError } from './disk.ts';
import { optionsFrom } from './options.ts';

/** Ends in time even when something does not let go. */
const CLOSE_WITHIN_MS = 1500;

interface MainOptions {
  /** End after the example has run. */
  once: boolean;
  /** Say that it is ready, and where, in a line for programs as well. */
  json: boolean;
}

/** Brings the cloud up, shows that it works, and stays up unless told otherwise. */
export async function main({ once, json }: MainOptions): Promise<void> {
  // On Lambda it would be the end of one sandbox; here it must not be the end of everything.
  process.on('unhandledRejection', (error) => console.error('A function left a rejection unhandled:', shownError(error)));
  process.on('uncaughtException', (error) => console.error('A function left an exception uncaught:', shownError(error)));
  // Whoever read what we write may have gone. To tell of that would be one more write that fails, and so on without end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

  const cloud = await begin();
  let ending = false;
  const end = async (code: number) => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(code), CLOSE_WITHIN_MS).unref();
    await cloud.close().catch(console.error);
    process.exit(code);
  };
  process.on('SIGINT', () => end(0));
  process.on('SIGTERM', () => end(0));

  console.log(`millrun ready ${cloud.url} cloud ${cloud.cloudUrl}`);
  if (cloud.smtpUrl !== undefined) console.log(`mail comes in at ${cloud.smtpUrl}`);
  if (!once) console.log(`console ${cloud.url}/#key=${encodeURIComponent(optionsFrom(process.env).apiKey)}`);
  if (json) console.log(JSON.stringify({ event: 'ready', api: cloud.url, cloud: cloud.cloudUrl, smtp: cloud.smtpUrl }));
  try {
    const hasExamples = once || process.env['EXAMPLES'] !== 'off';
    const demo = { url: cloud.url, services: `${cloud.cloudUrl}/_sample`, apiKey: optionsFrom(process.env).apiKey, always: once };
    const succeeded = hasExamples && (await runDemo(demo));
    if (once) await end(succeeded ? 0 : 1);
    else if (process.env['CONSOLE'] !== 'off') buildConsole();
  } catch (error) {
    console.error('The examples could not be run:', error instanceof Error ? error.message : error);
    if (once) await end(1);
  }
}

async function begin(): Promise<Cloud> {
  const early = () => process.exit(0);
  process.once('SIGINT', early).once('SIGTERM', early);
  try {
    return await startCloud(optionsFrom(process.env));
  } catch (error) {
    console.error(`millrun cannot start: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  } finally {
    process.off('SIGINT', early).off('SIGTERM', early);
  }
}
