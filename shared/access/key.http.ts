import * as z from 'zod';
import { page, resourceId, time } from '../edge/schema.ts';
import { viewOf } from '../edge/snake-case.ts';
import { ROLES } from '../kernel/role.ts';
import type { ApiKey } from './key.ts';

const keyEntry = z
  .object({
    id: resourceId,
    name: z.string(),
    role: z.enum(ROLES),
    project_id: z.string().nullable(),
    email: z.string().nullable().meta({ description: 'Of its holder, who by it is a member of the project' }),
    created_at: time,
    revoked_at: time.nullable(),
  })
  .meta({ id: 'ApiKey' });
export const keyEntries = page(keyEntry).meta({ id: 'ApiKeyList' });
export const keyCreated = keyEntry.extend({ key: z.string().meta({ description: 'Shown once' }) }).meta({ id: 'ApiKeyCreated' });

export const keyView = (key: ApiKey) => viewOf(keyEntry, { ...key, projectId: key.project });
