import { describe, expect, test } from 'vitest';
import { type Claims, personIn, type SignInSettings } from '../../shared/access/id-token.ts';
import { type Member, newMember } from '../../shared/access/member.ts';
import { actingAs, membershipsOf, roleOfGroups } from '../../shared/access/membership.ts';
import { anActor } from '../harness/builders.ts';

const settings: SignInSettings = {
  issuer: 'https://login.example.com',
  clientId: 'console',
  emailClaim: 'email',
  verifiedClaim: 'email_verified',
  groupsClaim: 'groups',
  groups: [
    { group: 'everyone', role: 'viewer' },
    { group: 'ops', role: 'operator' },
    { group: 'a=b', role: 'admin' },
  ],
  workspace: 'main',
};
const ada = { email: 'ada@example.com', name: 'Ada', groups: [] as string[] };
const verified = (more: Claims = {}) => ({ email: 'ada@example.com', email_verified: true, ...more });

let made = 0;
const aMember = (more: Partial<Member> = {}) =>
  newMember(
    { workspace: 'main', email: ada.email, name: 'Ada', role: 'viewer', ...more },
    anActor(),
    new Date(Date.UTC(2030, 0, 1) + made++),
  );

describe('a token', () => {
  test('speaks of an address in any case, a name and groups', () => {
    expect(personIn(verified({ email: 'Ada@Example.COM', name: ' Ada ', groups: ['ops'] }), settings)).toEqual({
      email: 'ada@example.com',
      name: 'Ada',
      groups: ['ops'],
    });
    expect(personIn(verified({ groups: 'ops' }), settings)).toEqual({ ...ada, name: 'ada@example.com', groups: ['ops'] });
    expect(personIn(verified({ groups: { ops: true } }), settings).groups).toEqual([]);
  });

  test('gives a name that fits into a line, and the address for one that does not say anything', () => {
    expect(personIn(verified({ name: 'Ada\u0000\r\nLovelace' }), settings).name).toBe('Ada Lovelace');
    expect(Array.from(personIn(verified({ name: '\u{1F600}'.repeat(200) }), settings).name)).toHaveLength(100);
    for (const name of ['', ' \n', 7, null, undefined])
      expect(personIn(verified({ name }), settings).name).toBe('ada@example.com');
  });

  test.each([false, 'false', undefined, null, 0, {}, 'yes'])('whose address is verified "%s" is refused', (email_verified) => {
    expect(() => personIn(verified({ email_verified }), settings)).toThrow(/not verified ada@example.com/);
  });

  test.each([undefined, null, '', 'ada', 7, 'ada@example.com\n', '\u212aate@example.com', 'ada@ex\u00e4mple.com'])(
    'with the address "%s" is refused',
    (email) => {
      expect(() => personIn(verified({ email }), settings)).toThrow(/no e-mail address in "email"/);
    },
  );

  test('is read by the claims that the owner names', () => {
    const claims = { upn: 'ada@example.com', xms_edov: '1', roles: ['ops'] };
    const named = { ...settings, emailClaim: 'upn', verifiedClaim: 'xms_edov', groupsClaim: 'roles' };
    expect(personIn(claims, named)).toMatchObject({ email: 'ada@example.com', groups: ['ops'] });
  });
});

describe('groups', () => {
  test('give the mightiest of their roles, and none to whoever is in none', () => {
    expect(roleOfGroups({ ...ada, groups: ['ops', 'everyone'] }, settings)).toBe('operator');
    expect(roleOfGroups({ ...ada, groups: ['a=b', 'everyone'] }, settings)).toBe('admin');
    expect(roleOfGroups({ ...ada, groups: ['OPS'] }, settings)).toBeUndefined();
  });

  test('make a member of the first workspace, whose id is always the same', () => {
    const once = membershipsOf({ ...ada, groups: ['ops'] }, [], settings);
    expect(once).toEqual([{ id: expect.any(String), workspace: 'main', email: ada.email, name: 'Ada', role: 'operator' }]);
    expect(membershipsOf({ ...ada, name: 'Ada L.', groups: ['everyone'] }, [], settings)[0]?.id).toBe(once[0]?.id);
  });

  test('do not change what a member of the workspace has been made', () => {
    const member = aMember();
    expect(membershipsOf({ ...ada, groups: ['a=b'] }, [member], settings)).toEqual([member]);
    const elsewhere = aMember({ project: 'ops' });
    expect(membershipsOf({ ...ada, groups: ['ops'] }, [elsewhere], settings)).toHaveLength(2);
  });
});

describe('a request is made', () => {
  test('as the member of the whole workspace, else as the oldest', () => {
    const [first, second, whole] = [aMember({ project: 'a' }), aMember({ project: 'b' }), aMember()];
    expect(actingAs(ada, [second, first])).toBe(first);
    expect(actingAs(ada, [second, first, whole])).toBe(whole);
  });

  test('as the one that it names', () => {
    const [first, second] = [aMember({ project: 'a' }), aMember({ workspace: 'others' })];
    expect(actingAs(ada, [first, second], second.id)).toBe(second);
    expect(() => actingAs(ada, [first], second.id)).toThrow(/x-member.*which ada@example.com is not/);
  });

  test('in one of several workspaces only when it says in which', () => {
    const [first, second] = [aMember(), aMember({ workspace: 'others' })];
    expect(() => actingAs(ada, [first, second])).toThrow(
      new RegExp(`x-member: ${first.id} \\(main\\), ${second.id} \\(others\\)`),
    );
  });

  test('by nobody who is no member', () => {
    expect(() => actingAs(ada, [])).toThrow(/ada@example.com is no member/);
  });
});
