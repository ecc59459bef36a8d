import { memberView, meView } from '../../shared/access/member.http.ts';
import { type Member, type Members, newMember } from '../../shared/access/member.ts';
import { access } from '../../shared/access/operations.http.ts';
import { maySee, projectOf, visible } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { created, noContent, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import * as env from '../../shared/kernel/env.ts';
import { notFound, Problem } from '../../shared/kernel/problem.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { members, now, recorder } from '../adapters.ts';

interface Services {
  members: Members;
  liveUrl: string;
  now: () => Date;
}

export async function getMe({ caller }: RequestOf<'getMe'>, { members, liveUrl }: Pick<Services, 'members' | 'liveUrl'>) {
  if (caller.email === undefined) return ok(meView(caller, liveUrl, []));
  const found = await members.withEmail(caller.email);
  // Who is one by a group has no row.
  return ok(meView(caller, liveUrl, found.some(({ id }) => id === caller.id) ? found : [...found, caller]));
}

export async function addMember({ body, caller }: RequestOf<'addMember'>, { members, now }: Services) {
  const { project_id, ...person } = body;
  const project = projectOf(caller, project_id);
  const owner = { workspace: caller.workspace, ...(project !== undefined && { project }) };
  const member = newMember({ ...owner, ...person }, actorOf(caller), now());
  if (!(await members.add(member)))
    throw new Problem(
      'conflict',
      `${member.email} is a member of ${project === undefined ? 'the workspace' : `project "${project}"`} already. Change that member instead.`,
      [{ name: 'email', value: member.email }],
    );
  return created(memberView(member));
}

export async function listMembers({ query, caller }: RequestOf<'listMembers'>, { members }: Services) {
  const page = await members.list(caller.workspace, query.limit, query.continuation_token);
  return ok(pageView({ ...page, items: page.items.filter((member) => maySee(caller, member)) }, memberView));
}

export async function changeMember({ params, body, caller }: RequestOf<'changeMember'>, services: Services) {
  const member = await memberOf(services, caller, params.member_id);
  const { name, role } = body;
  const changes = { ...(name !== undefined && { name }), ...(role !== undefined && { role }) };
  const next = await services.members.change(member, changes);
  if (!next) throw notFound('member', member.id);
  return ok(memberView(next));
}

export async function removeMember({ params, caller }: RequestOf<'removeMember'>, services: Services) {
  await services.members.remove(await memberOf(services, caller, params.member_id));
  return noContent();
}

async function memberOf({ members }: Services, caller: Caller, id: string): Promise<Member> {
  return visible(caller, 'member', id, await members.find(caller.workspace, id));
}

export const handler = http(
  access,
  { getMe, addMember, listMembers, changeMember, removeMember },
  () => ({
    members: members(),
    liveUrl: env.liveUrl(),
    now,
  }),
  recorder,
);
