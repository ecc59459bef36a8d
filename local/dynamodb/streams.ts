import * as z from 'zod';
import type { DynamoDbProxy } from './proxy.ts';

/** A record as GetRecords gives it. */
const record = z.looseObject({
  eventName: z.string(),
  dynamodb: z.looseObject({
    SequenceNumber: z.string(),
    ApproximateCreationDateTime: z.number(),
    Keys: z.record(z.string(), z.unknown()),
  }),
});
export type StreamRecord = z.infer<typeof record>;

const streams = z.object({ Streams: z.array(z.object({ StreamArn: z.string() })) });
const description = z.object({
  StreamDescription: z.object({ Shards: z.array(z.object({ ShardId: z.string() })) }),
});
const iterator = z.object({ ShardIterator: z.string() });
// Each record of a run's changes passes here: those who receive them look into them.
const records = z.object({
  Records: z.custom<StreamRecord[]>((value) => Array.isArray(value)),
  NextShardIterator: z.string().nullish(),
});

/** Where a reader stands: behind that record of a shard, or at the beginning of it. */
export interface Position {
  shardId: string;
  sequence?: string | undefined;
}

/** Emulators want to see a signature; whose it is they do not check. */
const SIGNATURE = {
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0',
};

/** Reads the stream of one table from a position on, shard after shard. */
export class TableStream {
  readonly #proxy: DynamoDbProxy;
  readonly #table: string;
  #iterator: string | undefined;
  #streamArn: string | undefined;
  #position: Position | undefined;

  constructor(proxy: DynamoDbProxy, table: string, position: Position | undefined) {
    this.#proxy = proxy;
    this.#table = table;
    this.#position = position;
  }

  /** The next records, none when there are no more for now. A call that fails is made again from the same position. */
  async read(limit: number): Promise<{ shardId: string; records: StreamRecord[] }> {
    const position = this.#position ?? { shardId: (await this.#shards())[0] ?? '' };
    this.#position = position;
    const { shardId } = position;
    try {
      this.#iterator ??= await this.#iteratorAt(position);
      const answer = records.parse(await this.#call('GetRecords', { ShardIterator: this.#iterator, Limit: limit }));
      const last = answer.Records.at(-1)?.dynamodb.SequenceNumber;
      if (last !== undefined) this.#position = { shardId, sequence: last };
      this.#iterator = answer.NextShardIterator ?? undefined;
      if (this.#iterator === undefined) await this.#nextShard(shardId);
      return { shardId, records: answer.Records };
    } catch (error) {
      this.#iterator = undefined;
      throw error;
    }
  }

  /** A shard that is closed is followed by the next, if there is one yet. */
  async #nextShard(shardId: string): Promise<void> {
    const shards = await this.#shards();
    const next = shards[shards.indexOf(shardId) + 1];
    if (next !== undefined) this.#position = { shardId: next };
  }

  async #shards(): Promise<string[]> {
    const { StreamDescription } = description.parse(await this.#call('DescribeStream', { StreamArn: await this.#arn() }));
    return StreamDescription.Shards.map(({ ShardId }) => ShardId);
  }

  async #iteratorAt({ shardId, sequence }: Position): Promise<string> {
    const at =
      sequence === undefined
        ? { ShardIteratorType: 'TRIM_HORIZON' }
        : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: sequence };
    return iterator.parse(await this.#call('GetShardIterator', { StreamArn: await this.#arn(), ShardId: shardId, ...at }))
      .ShardIterator;
  }

  async #arn(): Promise<string> {
    this.#streamArn ??= streams.parse(await this.#call('ListStreams', { TableName: this.#table })).Streams.at(-1)?.StreamArn;
    if (this.#streamArn === undefined) throw new Error(`The table ${this.#table} has no stream.`);
    return this.#streamArn;
  }

  async #call(operation: string, input: object): Promise<unknown> {
    const body = Buffer.from(JSON.stringify(input));
    const answer = await this.#proxy.call(`DynamoDBStreams_20120810.${operation}`, body, SIGNATURE);
    if (answer.status !== 200) throw new Error(`${operation} of ${this.#table} was refused: ${answer.body.toString()}`);
    return JSON.parse(answer.body.toString());
  }
}
