import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { StreamRecord } from '../dynamodb/streams.ts';
import type { DeclaredMapping } from './event-source-mappings.ts';

/** A record on its way to a function. */
export interface Underway {
  shardId: string;
  record: StreamRecord;
  settled: boolean;
}

export interface LaneParts {
  mapping: DeclaredMapping;
  invoke: (event: unknown) => Promise<unknown>;
  /** These are dealt with, or given up. */
  settled: (records: Underway[]) => void;
  /** Tells where to find what was given up. */
  bury: (message: object) => void;
  pause: (ms: number) => Promise<void>;
  isOpen: () => boolean;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 60_000;
const response = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

type GivenUp = 'RetryAttemptsExhausted' | 'MaximumRecordAgeExceeded';

/** What happens to the same key goes one way, in order: nothing overtakes a batch that has failed. */
export class Lane {
  readonly #parts: LaneParts;
  readonly #waiting: Underway[] = [];
  #busy = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  add(record: Underway): void {
    this.#waiting.push(record);
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0 && this.#parts.isOpen()) {
      await this.#gather();
      await this.#deliver(this.#waiting.splice(0, this.#parts.mapping.batchSize), 0);
    }
    this.#busy = false;
  }

  /** What is read in the same moment is one batch, and what comes within the window that the mapping gives it. */
  async #gather(): Promise<void> {
    const { mapping, pause } = this.#parts;
    await Promise.resolve();
    if (mapping.windowMs > 0 && this.#waiting.length < mapping.batchSize) await pause(mapping.windowMs);
  }

  async #deliver(batch: Underway[], failures: number): Promise<void> {
    const { mapping, settled, isOpen } = this.#parts;
    if (!isOpen()) return;
    const done = await this.#call(batch);
    settled(batch.slice(0, done));
    const rest = batch.slice(done);
    if (rest.length === 0) return;
    if (mapping.bisects && rest.length > 1) {
      const middle = Math.ceil(rest.length / 2);
      // What came before the failure says where it is; else the halves do.
      for (const part of done > 0 ? [rest] : [rest.slice(0, middle), rest.slice(middle)]) await this.#deliver(part, failures);
      return;
    }
    const reason = this.#reasonToGiveUp(rest, failures + 1);
    if (reason !== undefined) return this.#giveUp(rest, failures + 1, reason);
    await this.#parts.pause(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 20), LONGEST_PAUSE_MS));
    await this.#deliver(rest, failures + 1);
  }

  /** How many of the batch, from the first on, the function has dealt with. */
  async #call(batch: Underway[]): Promise<number> {
    const { mapping, invoke } = this.#parts;
    const Records = batch.map(({ record }) => ({ ...record, awsRegion: 'us-east-1', eventSourceARN: mapping.streamArn }));
    try {
      const answer = await invoke({ Records });
      const failures = mapping.reportsFailures ? response.safeParse(answer).data?.batchItemFailures : undefined;
      if (!failures || failures.length === 0) return batch.length;
      const places = failures.map(({ itemIdentifier }) =>
        batch.findIndex(({ record }) => record.dynamodb.SequenceNumber === itemIdentifier),
      );
      // One that is not of this batch makes it a failure of all.
      return Math.max(0, Math.min(...places));
    } catch (error) {
      console.error(`${mapping.id}: a batch of ${batch.length} records was not handled:`, error);
      return 0;
    }
  }

  #reasonToGiveUp(batch: Underway[], failures: number): GivenUp | undefined {
    const { maxRetries, maxAgeMs } = this.#parts.mapping;
    if (maxRetries !== undefined && failures > maxRetries) return 'RetryAttemptsExhausted';
    const oldestMs = Math.min(...batch.map(({ record }) => record.dynamodb.ApproximateCreationDateTime * 1000));
    return maxAgeMs !== undefined && Date.now() - oldestMs > maxAgeMs ? 'MaximumRecordAgeExceeded' : undefined;
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html */
  #giveUp(batch: Underway[], invocations: number, condition: GivenUp): void {
    const { mapping, bury, settled } = this.#parts;
    const [first, last] = [batch[0], batch.at(-1)];
    const timeOf = (one: Underway | undefined) =>
      new Date((one?.record.dynamodb.ApproximateCreationDateTime ?? 0) * 1000).toISOString();
    bury({
      requestContext: {
        requestId: randomUUID(),
        functionArn: mapping.functionArn,
        condition,
        approximateInvokeCount: invocations,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: new Date().toISOString(),
      DDBStreamBatchInfo: {
        shardId: first?.shardId,
        startSequenceNumber: first?.record.dynamodb.SequenceNumber,
        endSequenceNumber: last?.record.dynamodb.SequenceNumber,
        approximateArrivalOfFirstRecord: timeOf(first),
        approximateArrivalOfLastRecord: timeOf(last),
        batchSize: batch.length,
        streamArn: mapping.streamArn,
      },
    });
    settled(batch);
  }
}
