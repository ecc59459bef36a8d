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
const SHARED_CONNECTIONS = 2;

/**
 * Keep-alive connections to one HTTP server that answers with a content length. A general client costs half as much processor time again for
 * each call, and the calls of every run come through here.
 */
export class Connections {
  readonly #host: string;
  readonly #port: number;
  readonly #slots = new Slots(CONNECTIONS);
  readonly #idle: Connection[] = [];
  readonly #shared: (Promise<Connection> | undefined)[] = [];
  readonly #all = new Set<Connection>();
  /** How many wait for an answer on each of the shared. */
  readonly #sharing: number[] = Array.from({ length: SHARED_CONNECTIONS }, () => 0);

  constructor(endpoint: string) {
    const { hostname, port, protocol } = new URL(endpoint);
    if (protocol !== 'http:') throw new Error(`DYNAMODB_ENDPOINT must begin with http://, not ${protocol}//`);
    this.#host = hostname;
    this.#port = Number(port || 80);
  }

  /** Sends `head` (without its last line) and `body` on a connection that nobody else uses meanwhile. Rejects when the connection breaks. */
  call(head: string, body: Buffer): Promise<RawAnswer> {
    return this.#slots.run(() => this.#alone(head, body));
  }

  /**
   * The same for what is answered soon: one behind the other on a shared connection (HTTP pipelining), and what is asked in one turn of the event loop is
   * handed over at once. To wake another process costs more than the call itself.
   */
  async pipeline(head: string, body: Buffer): Promise<RawAnswer> {
    // Nobody is to wait behind what takes long, if there is another way.
    const place = this.#sharing.indexOf(Math.min(...this.#sharing));
    this.#sharing[place] = (this.#sharing[place] ?? 0) + 1;
    try {
      const connection = await this.#sharedAt(place);
      return await connection.exchange(head, body, { isShared: true });
    } finally {
      this.#sharing[place] = (this.#sharing[place] ?? 0) - 1;
    }
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  async #alone(head: string, body: Buffer): Promise<RawAnswer> {
    const connection = this.#idle.pop() ?? (await this.#open((closed) => remove(this.#idle, closed)));
    const answer = await connection.exchange(head, body);
    if (!connection.closed) this.#idle.push(connection);
    return answer;
  }

  #sharedAt(place: number): Promise<Connection> {
    const forget = () => {
      this.#shared[place] = undefined;
    };
    this.#shared[place] ??= this.#open(forget).catch((error: unknown) => {
      forget();
      throw error;
    });
    return this.#shared[place];
  }

  async #open(onClose: (connection: Connection) => void): Promise<Connection> {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const connection = new Connection(socket, () => {
      this.#all.delete(connection);
      onClose(connection);
    });
    this.#all.add(connection);
    return connection;
  }
}

function messageOf(head: string, body: Buffer): Buffer {
  const message = Buffer.allocUnsafe(head.length + body.length);
  message.write(head, 'latin1');
  body.copy(message, head.length);
  return message;
}

function remove<T>(list: T[], one: T): void {
  const place = list.indexOf(one);
  if (place >= 0) list.splice(place, 1);
}

interface Waiting {
  resolve(answer: RawAnswer): void;
  reject(error: Error): void;
}

class Connection {
  readonly #socket: Socket;
  /** Answers come in the order of the requests. */
  #waiting: Waiting[] = [];
  #received: Buffer[] = [];
  #bytes = 0;
  /** The head of the answer that is coming in, and how long all of it is. */
  #coming: { head: string; length: number } | undefined;
  closed = false;

  constructor(socket: Socket, onClose: () => void) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      onClose();
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('The emulator closed the connection'));
    });
  }

  /** `isShared`: it goes with whatever else is asked in this turn of the event loop. */
  exchange(head: string, body: Buffer, { isShared = false } = {}): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new Error('The emulator closed the connection'));
      this.#waiting.push({ resolve, reject });
      const gathers = this.#socket.writableCorked > 0;
      if (!gathers) this.#socket.cork();
      this.#socket.write(messageOf(head, body));
      if (gathers) return;
      if (isShared) setImmediate(() => this.#socket.uncork());
      else this.#socket.uncork();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#bytes += chunk.length;
    for (let answer = this.#next(); answer; answer = this.#next()) this.#waiting.shift()?.resolve(answer);
  }

  /** The next answer, when all of it is here. */
  #next(): RawAnswer | undefined {
    this.#coming ??= this.#readHead();
    if (!this.#coming || this.#bytes < this.#coming.length) return undefined;
    const { head, length } = this.#coming;
    const whole = this.#whole();
    this.#received = whole.length > length ? [whole.subarray(length)] : [];
    this.#bytes = whole.length - length;
    this.#coming = undefined;
    return { status: Number(head.slice(9, 12)), head, body: whole.subarray(head.length + HEAD_END.length, length) };
  }

  /** Undefined when the head is not complete yet. */
  #readHead(): { head: string; length: number } | undefined {
    const whole = this.#whole();
    this.#received = [whole];
    const end = whole.indexOf(HEAD_END);
    if (end < 0) return undefined;
    const head = whole.toString('latin1', 0, end);
    const length = CONTENT_LENGTH.exec(head)?.[1];
    if (length === undefined) {
      this.#socket.destroy(new Error('The emulator answers without a content length'));
      return undefined;
    }
    return { head, length: end + HEAD_END.length + Number(length) };
  }

  #whole(): Buffer {
    const [only] = this.#received;
    return this.#received.length === 1 && only ? only : Buffer.concat(this.#received);
  }
}
