import { connect, type Socket } from 'node:net';
import { Slots } from '../../shared/kernel/slots.ts';

/** An HTTP answer, as little understood as possible. */
export interface RawAnswer {
  status: number;
  /** The head as it came, for the few who want a header of it. */
  head: string;
  body: Buffer;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
/** The emulator writes one after the other; more would only wait there. */
const CONNECTIONS = 16;

/**
 * Keep-alive connections to one HTTP server that answers with a content length. A general client costs half as much processor time again for
 * each call, and the calls of every run come through here. One call at a time on each: the emulator's answer to a second one would wait until the first is
 * acknowledged, 40 ms (Nagle's algorithm).
 */
export class Connections {
  readonly #host: string;
  readonly #port: number;
  readonly #slots = new Slots(CONNECTIONS);
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();

  constructor(endpoint: string) {
    const { hostname, port, protocol } = new URL(endpoint);
    if (protocol !== 'http:') throw new Error(`DYNAMODB_ENDPOINT must begin with http://, not ${protocol}//`);
    this.#host = hostname;
    this.#port = Number(port || 80);
  }

  /** Sends `head` (without its last line) and `body`. Rejects when the connection breaks. */
  call(head: string, body: Buffer): Promise<RawAnswer> {
    return this.#slots.run(() => this.#exchange(head, body));
  }

  async #exchange(head: string, body: Buffer): Promise<RawAnswer> {
    const connection = this.#idle.pop() ?? (await this.#open());
    const message = Buffer.allocUnsafe(head.length + body.length);
    message.write(head, 'latin1');
    body.copy(message, head.length);
    const answer = await connection.exchange(message);
    if (!connection.closed) this.#idle.push(connection);
    return answer;
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  async #open(): Promise<Connection> {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const connection = new Connection(socket, () => {
      this.#all.delete(connection);
      const place = this.#idle.indexOf(connection);
      if (place >= 0) this.#idle.splice(place, 1);
    });
    this.#all.add(connection);
    return connection;
  }
}

class Connection {
  readonly #socket: Socket;
  #waiting: { resolve(answer: RawAnswer): void; reject(error: Error): void } | undefined;
  #received: Buffer[] = [];
  #bytes = 0;
  /** Length of the whole answer, once its head is here. */
  #expected = 0;
  #head = '';
  closed = false;

  constructor(socket: Socket, onClose: () => void) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      onClose();
      this.#waiting?.reject(new Error('The emulator closed the connection'));
    });
  }

  exchange(message: Buffer): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(message);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#bytes += chunk.length;
    if (this.#expected === 0 && !this.#readHead()) return;
    if (this.#bytes < this.#expected) return;

    const whole = this.#whole();
    const answer = {
      status: Number(this.#head.slice(9, 12)),
      head: this.#head,
      body: whole.subarray(this.#head.length + HEAD_END.length),
    };
    this.#received = [];
    this.#bytes = 0;
    this.#expected = 0;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }

  /** False when the head is not complete yet. */
  #readHead(): boolean {
    const whole = this.#whole();
    this.#received = [whole];
    const end = whole.indexOf(HEAD_END);
    if (end < 0) return false;
    this.#head = whole.toString('latin1', 0, end);
    const length = CONTENT_LENGTH.exec(this.#head)?.[1];
    if (length === undefined) {
      this.#socket.destroy(new Error('The emulator answers without a content length'));
      return false;
    }
    this.#expected = end + HEAD_END.length + Number(length);
    return true;
  }

  #whole(): Buffer {
    const [only] = this.#received;
    return this.#received.length === 1 && only ? only : Buffer.concat(this.#received);
  }
}
