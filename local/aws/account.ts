/** The account, region and partition that the embedded cloud says it is. Prices are those of this region. */
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';
export const PARTITION = 'aws';

/** An ARN of the embedded account. */
export function arn(service: string, resource: string, { region = REGION, account = ACCOUNT } = {}): string {
  return `arn:${PARTITION}:${service}:${region}:${account}:${resource}`;
}
