import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const schema = z.object({ aws_access_key_id: z.string(), aws_secret_access_key: z.string() });

/** Whoever signs with it may do everything on the AWS port. */
export interface Credential {
  accessKeyId: string;
  secretAccessKey: string;
}

/** SDK clients keep the credential that they first saw, so a second cloud in one process takes that of the first. */
let ofThisProcess: Credential | undefined;

/** The credential of a data folder, in a file as the AWS CLI and every SDK read it. */
export function credentialOf(folder: string): Credential {
  const path = join(folder, 'credentials');
  ofThisProcess ??= existsSync(path) ? readCredential(path) : newCredential();
  const { accessKeyId, secretAccessKey } = ofThisProcess;
  const lines = ['[default]', `aws_access_key_id = ${accessKeyId}`, `aws_secret_access_key = ${secretAccessKey}`, ''];
  writeFileSync(path, lines.join('\n'), { mode: 0o600 });
  return ofThisProcess;
}

/** Reads such a file. */
export function readCredential(path: string): Credential {
  const pairs = readFileSync(path, 'utf8').matchAll(/^(\w+) = (\S+)$/gm);
  const parsed = schema.parse(Object.fromEntries([...pairs].map(([, name, value]) => [name, value])));
  return { accessKeyId: parsed.aws_access_key_id, secretAccessKey: parsed.aws_secret_access_key };
}

function newCredential(): Credential {
  return {
    accessKeyId: `MILL${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  };
}
