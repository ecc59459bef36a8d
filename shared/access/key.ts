import { hash, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { newId } from '../kernel/id.ts';
import { type Caller, ROLES } from '../kernel/role.ts';

/** What is known of an API key; the key itself is shown once and never stored. */
export const apiKey = z.object({
  id: z.string(),
  hash: z.string(),
  workspace: z.string(),
  project: z.string().optional(),
  name: z.string(),
  role: z.enum(ROLES),
  /** The mail address of its holder, who by it is a member of the key's project: docs/triggers.md. */
  email: z.string().optional(),
  createdAt: z.string(),
  revokedAt: z.string().optional(),
});
export type ApiKey = z.infer<typeof apiKey>;

/** Keys are long and random, so a plain SHA-256 of one cannot be searched for. */
export const hashOf = (key: string) => hash('sha256', key, 'hex');

/** A new key and what is stored of it. */
export function newKey(
  of: Pick<ApiKey, 'workspace' | 'project' | 'name' | 'role' | 'email'>,
  now: Date,
): { key: string; record: ApiKey } {
  const key = `mr_${randomBytes(24).toString('base64url')}`;
  return { key, record: { ...of, id: newId(now.getTime()), hash: hashOf(key), createdAt: now.toISOString() } };
}

export const callerOf = ({ id, name, workspace, project, role }: ApiKey): Caller => ({
  kind: 'key',
  id,
  name,
  workspace,
  role,
  ...(project !== undefined && { project }),
});

export interface Keys {
  /** `seen`: as it was, when it is not new. */
  put(key: ApiKey, seen?: ApiKey): Promise<void>;
  byHash(hash: string): Promise<ApiKey | undefined>;
  /** Of one workspace, newest first. */
  list(workspace: string, limit: number, token?: string): Promise<{ items: ApiKey[]; next: string | undefined }>;
  /** The key of that id in the workspace. */
  find(workspace: string, id: string): Promise<ApiKey | undefined>;
}
