import * as z from 'zod';
import { actor, page, resourceId, time } from '../edge/schema.ts';
import { viewOf } from '../edge/snake-case.ts';
import { type Caller, ROLES } from '../kernel/role.ts';
import type { Member } from './member.ts';

const role = z.enum(ROLES);

export const memberEntry = z
  .object({
    id: resourceId,
    email: z.string(),
    name: z.string(),
    role,
    project_id: z.string().nullable().meta({ description: 'Null: every project of the workspace' }),
    created_at: time,
    created_by: actor,
  })
  .meta({ id: 'Member' });
export const memberEntries = page(memberEntry).meta({ id: 'MemberList' });

export const me = z
  .object({
    kind: z.enum(['key', 'member']),
    id: z.string(),
    name: z.string(),
    email: z.string().nullable(),
    role,
    workspace: z.string(),
    project_id: z.string().nullable().meta({ description: 'Null: every project of the workspace' }),
    live_url: z.string().meta({ description: 'Where to listen to what happens to runs: docs/live.md' }),
    memberships: z
      .array(z.object({ id: resourceId, workspace: z.string(), project_id: z.string().nullable(), role }))
      .meta({ description: 'What a person may act as: the header `x-member` names one' }),
  })
  .meta({ id: 'Me' });

export const memberView = (member: Member) => viewOf(memberEntry, { ...member, projectId: member.project });

const ofProject = <T extends { project?: string | undefined }>(acting: T) => ({ ...acting, projectId: acting.project });

export const meView = (caller: Caller, liveUrl: string, memberships: Pick<Caller, 'id' | 'workspace' | 'project' | 'role'>[]) =>
  viewOf(me, { ...ofProject(caller), liveUrl, memberships: memberships.map(ofProject) });
