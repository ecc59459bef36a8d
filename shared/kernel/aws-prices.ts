const MILLION = 1_000_000;
const GB = 1024 ** 3;

/**
 * Dollars in us-east-1, first tier, without the free tier, for one operation or one byte; from the public price pages
 * (aws.amazon.com/<service>/pricing) on the date below.
 */
export const PRICES = {
  region: 'us-east-1',
  asOf: '2026-11-01',
  /** HTTP API, first 300 million a month; each 512 KB of a request counts. */
  apiRequest: 1 / MILLION,
  lambdaRequest: 0.2 / MILLION,
  /** arm64. */
  lambdaGbSecond: 0.0000133334,
  /** Standard workflows; retries count. */
  stateTransition: 25 / MILLION,
  /** Express workflows: each execution, and $0.06 for a GB-hour, counted in 100 ms and 64 MB. */
  expressRequest: 1 / MILLION,
  expressGbSecond: 0.00001667,
  /** DynamoDB standard table class, on demand. */
  readUnit: 0.125 / MILLION,
  writeUnit: 0.625 / MILLION,
  /** S3 Standard: PUT, COPY, POST, LIST. DELETE is free. */
  s3Put: 5 / MILLION,
  s3Get: 0.4 / MILLION,
  schedulerInvocation: 1 / MILLION,
  secretsRequest: 5 / MILLION,
  /** CloudWatch Logs, standard class; what is kept is kept compressed, to about 0.15 by the price page. */
  logByte: 0.5 / GB,
  logByteMonth: (0.03 * 0.15) / GB,
  /** DynamoDB standard table class: tables and indexes. */
  storedByteMonth: 0.25 / GB,
  /** Point-in-time recovery, of what lies in tables; indexes are not counted. */
  recoverableByteMonth: 0.2 / GB,
} as const;
