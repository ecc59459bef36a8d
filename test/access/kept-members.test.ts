import { afterAll, beforeAll, expect, test } from 'vitest';
import { DynamoMembers } from '../../shared/access/member.dynamo.ts';
import { type Member, newMember } from '../../shared/access/member.ts';
import { anActor } from '../harness/builders.ts';
import { startTables } from '../harness/dynamo.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let members: DynamoMembers;
beforeAll(async () => {
  tables = await startTables();
  members = new DynamoMembers(() => tables.client, tables.table('ACCESS_TABLE'));
});
afterAll(() => tables.close());

const aMember = (more: Partial<Member> = {}) =>
  newMember({ workspace: 'acme', email: 'ada@example.com', name: 'Ada', role: 'viewer', ...more }, anActor(), new Date());

test('of many who add the same address at once, one does; in another project or workspace it is another member', async () => {
  const all = Array.from({ length: 6 }, () => aMember());
  const added = await Promise.all(all.map((member) => members.add(member)));
  expect(added.filter(Boolean)).toHaveLength(1);
  const [first] = all.filter((_, index) => added[index]);
  const others = [aMember({ project: 'ops' }), aMember({ workspace: 'others' })];
  for (const other of others) expect(await members.add(other)).toBe(true);
  const found = await members.withEmail('ada@example.com');
  expect(new Set(found.map(({ id }) => id))).toEqual(new Set([first, ...others].map((member) => member?.id)));
});

test('to add a member whose answer was lost once more is to add them once', async () => {
  const member = aMember({ email: 'lost@example.com' });
  expect([await members.add(member), await members.add(member)]).toEqual([true, true]);
});

test('who was removed and added again is somebody else: what was meant for the first does not reach the second', async () => {
  const first = aMember({ email: 'back@example.com' });
  await members.add(first);
  await members.remove(first);
  expect(await members.change(first, { role: 'admin' })).toBeUndefined();
  const second = aMember({ email: 'back@example.com' });
  await members.add(second);
  expect(await members.change(first, { role: 'admin' })).toBeUndefined();
  await members.remove(first);
  expect(await members.withEmail('back@example.com')).toEqual([second]);
});

test('two changes at once both hold', async () => {
  const member = aMember({ email: 'both@example.com' });
  await members.add(member);
  await Promise.all([members.change(member, { role: 'editor' }), members.change(member, { name: 'Ada L.' })]);
  expect(await members.withEmail('both@example.com')).toEqual([{ ...member, role: 'editor', name: 'Ada L.' }]);
});
