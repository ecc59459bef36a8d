import * as z from 'zod';
import { AwsError } from '../aws/aws-error.ts';

const request = z.object({ maxResults: z.number().int().min(0).max(1000).default(0), nextToken: z.string().optional() });

/** One page of a list; the token is the place where the next one begins. */
export function page<T>(input: unknown, read: (limit: number, offset: number) => T[]): { items: T[]; nextToken?: string } {
  const { maxResults, nextToken } = request.parse(input);
  const limit = maxResults || 100;
  const offset = nextToken === undefined ? 0 : Number(Buffer.from(nextToken, 'base64url').toString());
  if (!Number.isInteger(offset) || offset < 0) throw new AwsError('InvalidToken', 'Invalid Token');
  const rows = read(limit + 1, offset);
  if (rows.length <= limit) return { items: rows };
  return { items: rows.slice(0, limit), nextToken: Buffer.from(String(offset + limit)).toString('base64url') };
}

/** AWS JSON writes instants in seconds. */
export const seconds = (ms: number): number => ms / 1000;
