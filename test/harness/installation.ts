import { Client } from '../run/client.ts';
import { lastingPorts } from './lasting-ports.ts';
import { MillrunProcess } from './millrun-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A cloud over a data folder that outlives it: it can be killed at any moment and started again, and comes back where it was. */
export class Installation {
  readonly #folder = temporaryFolder();
  #ports: Awaited<ReturnType<typeof lastingPorts>> | undefined;
  #process: MillrunProcess | undefined;
  #client: Client | undefined;
  kills = 0;

  /** Where mail comes in. */
  smtpUrl: string | undefined;

  get api(): Client {
    if (!this.#client) throw new Error('The cloud is down.');
    return this.#client;
  }

  /** Where the AWS services answer. */
  cloudUrl: string | undefined;

  /** Where it keeps what lasts. */
  get dataDir(): string {
    return this.#folder.path;
  }

  /** All that the process wrote since it was started last. */
  get output(): string {
    return this.#process?.output ?? '';
  }

  async start(): Promise<void> {
    this.#ports ??= await lastingPorts();
    this.#process = new MillrunProcess({ dataDir: this.#folder.path, environment: { EXAMPLES: 'off', ...this.#ports } });
    const { api, cloud, smtp } = await this.#process.ready;
    this.smtpUrl = smtp;
    this.cloudUrl = cloud;
    this.#client = new Client(api);
  }

  /** kill -9 to the process and all it started, the database too. */
  async kill(): Promise<void> {
    if (!this.#client) throw new Error('The cloud is down.');
    this.#client = undefined;
    this.kills += 1;
    await this.#process?.kill();
  }

  /** kill -9, and up again at once. */
  async crash(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async close(): Promise<void> {
    await this.#process?.kill();
    this.#folder.remove();
  }
}
