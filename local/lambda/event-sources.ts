import { join } from 'node:path';
import type { Stack } from '../cloudformation/stack.ts';
import type { DynamoDbProxy } from '../dynamodb/proxy.ts';
import { StreamRecords } from '../dynamodb/stream-records.ts';
import { type Position, TableStream } from '../dynamodb/streams.ts';
import type { Queues } from '../sqs/queues.ts';
import type { Usage } from '../usage/usage.ts';
import { type DeclaredMapping, declaredMappings } from './event-source-mappings.ts';
import type { Functions } from './functions.ts';
import { Positions } from './positions.ts';
import { declaredQueueMappings, type QueueMapping } from './queue-mappings.ts';
import { QueueSource } from './queue-source.ts';
import { StreamSource } from './stream-source.ts';

export interface EventSourcesParts {
  functions: Functions;
  dynamodb: DynamoDbProxy;
  queues: Queues;
  usage: Usage['streams'];
  dataDir: string;
  /** The database of the emulator, when it is ours. */
  database: string | undefined;
}

/** A position is written down so often at most: what was read since comes again after a crash. */
const WRITE_EVERY_MS = 100;
const FORGET_EVERY_MS = 250;

/** The event source mappings of the stack: Lambda reading the streams of tables, and queues. */
export class EventSources {
  readonly #parts: EventSourcesParts;
  readonly #mappings: DeclaredMapping[];
  readonly #queueMappings: QueueMapping[];
  readonly #positions: Positions;
  readonly #records: StreamRecords | undefined;
  readonly #reached = new Map<string, Required<Position>>();
  readonly #written = new Map<string, Required<Position>>();
  #sources: (StreamSource | QueueSource)[] = [];
  #timers: NodeJS.Timeout[] = [];

  constructor(stack: Stack, parts: EventSourcesParts) {
    this.#parts = parts;
    const isFunction = (name: string) => parts.functions.find(name) !== undefined;
    this.#mappings = declaredMappings(stack, isFunction);
    this.#queueMappings = declaredQueueMappings(stack, isFunction);
    this.#positions = new Positions(join(parts.dataDir, 'event-sources.sqlite'));
    this.#records = this.#mappings.length > 0 && parts.database ? new StreamRecords(parts.database) : undefined;
  }

  start(): void {
    this.#sources = [
      ...this.#mappings.map((mapping) => this.#sourceOf(mapping)),
      ...this.#queueMappings.map((mapping) => this.#queueSourceOf(mapping)),
    ];
    this.#timers = [
      setInterval(() => this.#writeDown(), WRITE_EVERY_MS).unref(),
      setInterval(() => this.#forget(), FORGET_EVERY_MS).unref(),
    ];
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const source of this.#sources) source.close();
    this.#writeDown();
    this.#positions.close();
    await this.#records?.close();
  }

  #sourceOf(mapping: DeclaredMapping): StreamSource {
    const { functions, dynamodb, queues, usage } = this.#parts;
    const source = new StreamSource({
      mapping,
      stream: new TableStream(dynamodb, mapping.table, this.#positions.get(mapping.id)),
      invoke: (event) => functions.invoke(mapping.functionArn, event, { usage, isAlone: true }),
      reached: (position) => this.#reached.set(mapping.id, position),
      bury: (message) => {
        if (mapping.deadLetterArn) queues.send(mapping.deadLetterArn, JSON.stringify(message), {});
      },
    });
    const table = Buffer.from(`"${mapping.table}"`);
    dynamodb.onWrite((request) => {
      if (request.includes(table)) source.wake();
    });
    source.wake();
    return source;
  }

  #queueSourceOf(mapping: QueueMapping): QueueSource {
    const { functions, queues } = this.#parts;
    const source = new QueueSource({ mapping, queues, invoke: (event) => functions.invoke(mapping.functionArn, event) });
    source.start();
    return source;
  }

  #writeDown(): void {
    for (const [mapping, position] of this.#reached) {
      this.#positions.set(mapping, position);
      this.#written.set(mapping, position);
    }
    this.#reached.clear();
  }

  /** What every mapping of a table has dealt with. */
  #forget(): void {
    for (const table of new Set(this.#mappings.map((mapping) => mapping.table))) {
      const positions = this.#mappings
        .filter((mapping) => mapping.table === table)
        .map(({ id }) => Number(this.#written.get(id)?.sequence ?? 0));
      const upTo = Math.min(...positions);
      if (upTo > 0) this.#records?.forget({ table, upTo });
    }
  }
}
