import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { listQuery, mailAddress, resourceId, words } from '../edge/schema.ts';
import { ROLES } from '../kernel/role.ts';
import { keyCreated, keyEntries } from './key.http.ts';
import { me, memberEntries, memberEntry } from './member.http.ts';

const members = { tag: 'access', entry: 'api/members', role: 'admin' } as const;
const memberParams = z.object({ member_id: resourceId });

const at = { tag: 'access', entry: 'api/api-keys', role: 'admin' } as const;

export const access = {
  createKey: operation({
    ...at,
    method: 'POST',
    path: '/v1/api-keys',
    summary: 'Create an API key; the key is shown once',
    act: 'key.create',
    body: z.strictObject({
      name: words(100),
      role: z.enum(ROLES),
      project_id: resourceId.optional(),
      email: mailAddress.optional(),
    }),
    responses: { 201: keyCreated },
  }),
  listKeys: operation({
    ...at,
    method: 'GET',
    path: '/v1/api-keys',
    summary: 'API keys of the workspace',
    query: z.strictObject(listQuery(25)),
    responses: { 200: keyEntries },
  }),
  revokeKey: operation({
    ...at,
    method: 'DELETE',
    path: '/v1/api-keys/{key_id}',
    summary: 'Revoke an API key',
    act: 'key.revoke',
    params: z.object({ key_id: resourceId }),
    responses: { 204: '' },
  }),
  getMe: operation({
    tag: 'access',
    entry: 'api/members',
    method: 'GET',
    path: '/v1/me',
    summary: 'Who calls, and what they may',
    responses: { 200: me },
  }),
  addMember: operation({
    ...members,
    method: 'POST',
    path: '/v1/members',
    summary: 'Make a person a member of a project, or of the whole workspace',
    act: 'member.add',
    body: z.strictObject({
      email: mailAddress,
      name: words(100),
      role: z.enum(ROLES),
      project_id: resourceId.optional(),
    }),
    responses: { 201: memberEntry },
  }),
  listMembers: operation({
    ...members,
    method: 'GET',
    path: '/v1/members',
    summary: 'Members, newest first',
    query: z.strictObject(listQuery(25)),
    responses: { 200: memberEntries },
  }),
  changeMember: operation({
    ...members,
    method: 'PATCH',
    path: '/v1/members/{member_id}',
    summary: 'Rename a member, or give another role',
    act: 'member.change',
    params: memberParams,
    body: z.strictObject({ name: words(100).optional(), role: z.enum(ROLES).optional() }),
    responses: { 200: memberEntry },
  }),
  removeMember: operation({
    ...members,
    method: 'DELETE',
    path: '/v1/members/{member_id}',
    summary: 'Remove a member',
    act: 'member.remove',
    params: memberParams,
    responses: { 204: '' },
  }),
};
