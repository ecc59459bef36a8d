import { WebSocket } from 'ws';
import { API_KEY } from './millrun-process.ts';

type Message = Record<string, unknown>;

/** A client that listens, with all that it was told. */
export class Listener {
  readonly told: Message[] = [];
  readonly socket: WebSocket;
  closed = false;
  readonly #waiting = new Set<() => void>();

  constructor(url: string) {
    this.socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/live`);
    this.socket.on('message', (data) => {
      this.told.push(JSON.parse(String(data)));
      for (const look of this.#waiting) look();
    });
    this.socket.on('close', () => {
      this.closed = true;
      for (const look of this.#waiting) look();
    });
  }

  static async authorized(url: string, key = API_KEY): Promise<Listener> {
    const listener = new Listener(url);
    await listener.opened();
    listener.send({ authorize: key });
    await listener.until(() => listener.told.length > 0);
    return listener;
  }

  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async subscribe(message: Message): Promise<void> {
    this.send(message);
    await this.until(() => this.told.some((one) => one['subscribed'] === message['subscribe'] || one['error'] !== undefined));
  }

  until(holds: () => boolean, withinMs = 5000): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => end(() => reject(new Error(`not told within ${withinMs} ms: ${JSON.stringify(this.told)}`))),
        withinMs,
      );
      const look = () => {
        if (holds()) end(resolve);
      };
      const end = (act: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        act();
      };
      this.#waiting.add(look);
      look();
    });
  }

  of(topic: string): Message[] {
    return this.told.filter((one) => one['topic'] === topic && one['lagging'] === undefined);
  }

  close(): void {
    this.socket.terminate();
  }
}
