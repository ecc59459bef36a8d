import { idOf } from '../kernel/id.ts';
import { Problem } from '../kernel/problem.ts';
import { type Caller, ROLES, type Role } from '../kernel/role.ts';
import type { Person, SignInSettings } from './id-token.ts';
import type { Member } from './member.ts';

/** As what a person acts. */
export type Membership = Pick<Member, 'id' | 'workspace' | 'project' | 'email' | 'name' | 'role'>;

/** The mightiest role that the groups of a person have. */
export function roleOfGroups({ groups }: Person, settings: Pick<SignInSettings, 'groups'>): Role | undefined {
  const roles = settings.groups.filter(({ group }) => groups.includes(group)).map(({ role }) => role);
  return ROLES.findLast((role) => roles.includes(role));
}

/** The id of who is a member by a group of theirs alone. */
export const groupMemberId = (workspace: string, email: string) => idOf(`member by group ${workspace} ${email}`, 0);

/** What a person may act as: what members say, and what groups say of a workspace in which the person is none. */
export function membershipsOf(
  person: Person,
  members: Member[],
  settings: Pick<SignInSettings, 'groups' | 'workspace'>,
): Membership[] {
  const { workspace } = settings;
  const role = roleOfGroups(person, settings);
  const isNamed = members.some((member) => member.workspace === workspace && member.project === undefined);
  if (role === undefined || isNamed) return members;
  const { email, name } = person;
  return [...members, { id: groupMemberId(workspace, email), workspace, email, name, role }];
}

/**
 * The one that a request is made as: that which it names, else the one for the whole workspace, else the oldest. Nobody acts in one of several workspaces
 * unless they say in which: who adds an address elsewhere would get what was meant for another. Throws `forbidden`.
 */
export function actingAs({ email }: Person, memberships: Membership[], named?: string): Membership {
  if (named !== undefined) {
    const found = memberships.find(({ id }) => id === named);
    if (found) return found;
    throw new Problem(
      'forbidden',
      `The header x-member names "${named.slice(0, 40)}", which ${email} is not. GET /v1/me lists what they are.`,
    );
  }
  const [oldest, ...others] = memberships.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  if (!oldest) throw new Problem('forbidden', `${email} is no member here. An admin can add them with POST /v1/members.`);
  if (others.some(({ workspace }) => workspace !== oldest.workspace)) {
    const choices = [oldest, ...others];
    const words = choices.map(({ id, workspace }) => `${id} (${workspace})`).join(', ');
    throw new Problem(
      'forbidden',
      `${email} is a member of several workspaces. Name one in the header x-member: ${words}.`,
      choices.map(({ id, workspace }) => ({ name: workspace, value: id })),
    );
  }
  return memberships.find(({ project }) => project === undefined) ?? oldest;
}

export const callerAs = ({ id, name, email, workspace, project, role }: Membership): Caller => ({
  kind: 'member',
  id,
  name,
  email,
  workspace,
  role,
  ...(project !== undefined && { project }),
});
