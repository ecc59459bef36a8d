/** Each role may do what the ones before it may. */
export const ROLES = ['viewer', 'operator', 'editor', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Whether a holder of `held` may do what asks for `needed`. */
export const allows = (held: Role, needed: Role) => ROLES.indexOf(held) >= ROLES.indexOf(needed);

/** Who calls: the workspace comes from the credential, never from the request. */
export interface Caller {
  kind: 'key' | 'member';
  id: string;
  name: string;
  email?: string | undefined;
  workspace: string;
  /** Absent: every project of the workspace. */
  project?: string | undefined;
  role: Role;
}
