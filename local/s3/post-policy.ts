import * as z from 'zod';
import { sameSignature, scopeOf, signatureOf } from '../aws/signature.ts';
import { S3Error } from './s3-error.ts';

const range = z.tuple([z.literal('content-length-range'), z.coerce.number(), z.coerce.number()]);
const match = z.tuple([z.enum(['eq', 'starts-with']), z.string().startsWith('$'), z.string()]);
const exact = z.record(z.string(), z.string());
const policy = z.object({ expiration: z.iso.datetime(), conditions: z.array(z.union([range, match, exact])) });

/** Fields that need no condition. */
const FREE = /^(policy|x-amz-signature|file|x-ignore-.*)$/;

interface Form {
  /** By their names in lower case. */
  fields: Map<string, string>;
  bucket: string;
  fileBytes: number;
}

/** Holds a form against the policy that it carries and that was signed with `secret`. */
export function checkPolicy({ fields, bucket, fileBytes }: Form, secret: string, now = new Date()): void {
  const text = fields.get('policy');
  if (text === undefined) throw denied('Anonymous uploads are not allowed; the form has no policy.');
  const signature = signatureOf(text, scopeOf(fields.get('x-amz-credential') ?? ''), secret);
  if (!sameSignature(fields.get('x-amz-signature') ?? '', signature))
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
      403,
    );

  const { expiration, conditions } = read(text);
  if (new Date(expiration) <= now) throw denied('Invalid according to Policy: Policy expired.');
  const values = new Map([...fields, ['bucket', bucket]]);
  const named = new Set<string>();
  for (const condition of conditions) {
    if (Array.isArray(condition) && condition[0] === 'content-length-range') {
      checkSize(fileBytes, condition[1], condition[2]);
      continue;
    }
    for (const [name, holds] of demands(condition)) {
      named.add(name);
      if (!holds(values.get(name) ?? ''))
        throw denied(`Invalid according to Policy: Policy Condition failed: ${JSON.stringify(condition)}`);
    }
  }
  const extra = [...fields.keys()].find((name) => !FREE.test(name) && !named.has(name));
  if (extra !== undefined) throw denied(`Invalid according to Policy: Extra input fields: ${extra}`);
}

type Demand = [name: string, holds: (value: string) => boolean];

function demands(condition: z.infer<typeof match> | z.infer<typeof exact> | z.infer<typeof range>): Demand[] {
  if (!Array.isArray(condition))
    return Object.entries(condition).map(([name, wanted]) => [name.toLowerCase(), (value) => value === wanted]);
  const [how, name, wanted] = condition;
  if (how === 'content-length-range') return [];
  return [[name.slice(1).toLowerCase(), (value) => (how === 'eq' ? value === wanted : value.startsWith(wanted))]];
}

function checkSize(bytes: number, least: number, most: number): void {
  if (bytes > most) throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', 400);
  if (bytes < least) throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', 400);
}

function read(text: string): z.infer<typeof policy> {
  try {
    return policy.parse(JSON.parse(Buffer.from(text, 'base64').toString()));
  } catch {
    throw new S3Error('InvalidPolicyDocument', 'The content of the form does not meet the conditions of a policy document.', 400);
  }
}

const denied = (message: string) => new S3Error('AccessDenied', message, 403);
