import * as z from 'zod';
import { propertiesOf } from '../cloudformation/properties.ts';
import type { Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';
import { tableOfStream } from '../dynamodb/tables.ts';
import { refuseForeignQueue } from '../sqs/declared.ts';
import { type Pattern, parsePattern } from './event-pattern.ts';
import { isQueue } from './queue-mappings.ts';

/** What Lambda reads from a stream and whom it calls with that. */
export interface DeclaredMapping {
  id: string;
  functionArn: string;
  streamArn: string;
  table: string;
  batchSize: number;
  /** For how long records are gathered for a batch. */
  windowMs: number;
  lanes: number;
  patterns: Pattern[];
  reportsFailures: boolean;
  bisects: boolean;
  /** Undefined: until the record is too old. */
  maxRetries: number | undefined;
  /** Undefined: for ever. */
  maxAgeMs: number | undefined;
  deadLetterArn: string | undefined;
}

const pattern = z.object({ Pattern: z.string() });
const properties = z.strictObject({
  FunctionName: z.string(),
  EventSourceArn: z.string(),
  StartingPosition: z.literal('TRIM_HORIZON'),
  BatchSize: z.int().min(1).max(10_000).default(100),
  MaximumBatchingWindowInSeconds: z.int().min(0).max(300).default(0),
  ParallelizationFactor: z.int().min(1).max(10).default(1),
  FilterCriteria: z.object({ Filters: z.array(pattern) }).optional(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  BisectBatchOnFunctionError: z.boolean().default(false),
  MaximumRetryAttempts: z.int().min(-1).max(10_000).default(-1),
  MaximumRecordAgeInSeconds: z.int().min(-1).max(604_800).default(-1),
  DestinationConfig: z.object({ OnFailure: z.object({ Destination: z.string() }).optional() }).optional(),
  Enabled: z.literal(true).optional(),
  Tags: z.unknown().optional(),
});

const limit = (value: number) => (value < 0 ? undefined : value);

/** The mappings of the stack that read from streams; refuses those of anything but one of its tables. */
export function declaredMappings(stack: Stack, isFunction: (arn: string) => boolean): DeclaredMapping[] {
  const tables = stack.ofType('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable').map(({ name }) => name);
  const resources = stack.ofType('AWS::Lambda::EventSourceMapping');
  const streams = resources.filter((resource) => !isQueue(resource.properties['EventSourceArn']));
  return streams.map((resource) => {
    const found = propertiesOf(resource, properties);
    const { logicalId } = resource;
    const table = tableOfStream(found.EventSourceArn);
    if (table === undefined || !tables.includes(table))
      throw new TemplateRefused(`${logicalId} reads from ${found.EventSourceArn}, which is no stream of a table of this stack`);
    if (!isFunction(found.FunctionName))
      throw new TemplateRefused(`${logicalId} calls ${found.FunctionName}, which is no function of this stack`);
    const deadLetterArn = found.DestinationConfig?.OnFailure?.Destination;
    refuseForeignQueue(stack, resource, deadLetterArn);
    const maxAgeSeconds = limit(found.MaximumRecordAgeInSeconds);
    return {
      id: logicalId,
      functionArn: found.FunctionName,
      streamArn: found.EventSourceArn,
      table,
      batchSize: found.BatchSize,
      windowMs: found.MaximumBatchingWindowInSeconds * 1000,
      lanes: found.ParallelizationFactor,
      patterns: (found.FilterCriteria?.Filters ?? []).map(({ Pattern }) => parsePattern(logicalId, Pattern)),
      reportsFailures: found.FunctionResponseTypes.length > 0,
      bisects: found.BisectBatchOnFunctionError,
      maxRetries: limit(found.MaximumRetryAttempts),
      maxAgeMs: maxAgeSeconds === undefined ? undefined : maxAgeSeconds * 1000,
      deadLetterArn,
    };
  });
}
