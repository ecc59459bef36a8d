import { priced } from '../../local/usage/usage.ts';
import { PRICES } from '../../shared/kernel/aws-prices.ts';
import type { Counted } from './count.ts';
import { logsOf } from './logs.ts';
import { each } from './usage.ts';

/** What one run takes on AWS. */
export interface RunCost {
  apiRequests: number;
  /** Those of the authorizer among them. */
  lambdaInvocations: number;
  /** Of what follows runs, when one run at a time is followed; under load one call hears of many. */
  streamInvocations: number;
  expressExecutions: number;
  /** States entered by Standard executions. */
  transitions: number;
  readUnits: number;
  /** Without those of counters, which are written seconds later, for many runs at once. */
  writeUnits: number;
  s3Requests: number;
  logBytes: number;
  /** With its entries in indexes. */
  storedBytes: number;
  /** For a million such runs, by what is paid. */
  dollars: Dollars;
  total: number;
}

type Dollars = Record<'api' | 'lambda' | 'streams' | 'stepFunctions' | 'dynamodb' | 's3' | 'logs' | 'storage', number>;

/** How long logs are kept unless the owner says otherwise. */
const LOG_MONTHS = 30 / (365.25 / 12);

/** All that is paid for a run: operations, logs, and what it leaves behind for as long as that is kept. */
export async function costOf({ runs, usage, printed, storage }: Counted, failedExecutions = 0): Promise<RunCost> {
  const one = each(usage, runs);
  const { dollars } = priced(one);
  const logs = await logsOf(
    { bytes: printed.bytes / runs, lines: printed.lines / runs },
    {
      apiRequests: one.api.requests,
      lambdaInvocations: one.lambda.invocations + one.streams.invocations,
      failedExecutions,
    },
  );
  const parts: Dollars = {
    api: aMillion(dollars.api),
    lambda: aMillion(dollars.lambda),
    streams: aMillion(dollars.streams),
    stepFunctions: aMillion(dollars.stepFunctions),
    dynamodb: aMillion(dollars.dynamodb),
    s3: aMillion(dollars.s3),
    logs: aMillion(logs.bytes * (PRICES.logByte + PRICES.logByteMonth * LOG_MONTHS)),
    storage: aMillion(
      storage.tableByteMonths * (PRICES.storedByteMonth + PRICES.recoverableByteMonth) +
        storage.indexByteMonths * PRICES.storedByteMonth,
    ),
  };
  return {
    apiRequests: one.api.requests,
    lambdaInvocations: one.lambda.invocations,
    streamInvocations: one.streams.invocations,
    expressExecutions: one.stepFunctions.expressExecutions,
    transitions: one.stepFunctions.transitions,
    readUnits: one.dynamodb.readUnits,
    writeUnits: one.dynamodb.writeUnits - unitsOf(one.dynamodb.writtenTo, /Analytics/),
    s3Requests: one.s3.puts + one.s3.gets,
    logBytes: logs.bytes,
    storedBytes: storage.bytes,
    dollars: parts,
    total: Object.values(parts).reduce((sum, part) => sum + part, 0),
  };
}

/** Units that were written to tables of these names. */
const unitsOf = (writtenTo: Record<string, number>, tables: RegExp) =>
  Object.entries(writtenTo).reduce((sum, [table, units]) => sum + (tables.test(table) ? units : 0), 0);

const aMillion = (dollars: number) => dollars * 1_000_000;
