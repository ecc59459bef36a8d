import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import type { OpenConnection } from '../../../shared/connection/open-connection.ts';
import { type AssumeRole, awsCredentials } from '../../../shared/executor/http/assumed-role.ts';

const HOUR_MS = 3_600_000;
const start = Date.parse('2026-11-23T08:00:00.000Z');
const after = (ms: number) => new Date(start + ms);
const settings = {
  hosts: ['sqs.example'],
  region: 'eu-central-1',
  service: 'sqs',
  role_arn: 'arn:aws:iam::111122223333:role/orders',
};

/** A connection with a role, and an STS whose answers last an hour. */
function setting(answers: (n: number) => void = () => {}) {
  const concealed: string[] = [];
  const reported: unknown[] = [];
  const asked: Parameters<AssumeRole>[0][] = [];
  const connection: OpenConnection = {
    id: ulid(),
    name: 'queue',
    type: 'aws',
    settings,
    secrets: [{}],
    conceal: (secret) => concealed.push(secret),
    token: () => Promise.reject(new Error('it has none')),
    report: async (outcome) => void reported.push(outcome),
  };
  let now = after(0);
  const assume: AssumeRole = async (role) => {
    const n = asked.push(role);
    answers(n);
    const credentials = { accessKeyId: `ASIA${n}`, secretAccessKey: `secret ${n}`, sessionToken: `session ${n}` };
    return { credentials, endsAt: new Date(now.getTime() + HOUR_MS) };
  };
  const at = (ms: number) => {
    now = after(ms);
    return awsCredentials(connection, settings, {}, now, false, assume);
  };
  return { connection, concealed, reported, asked, at };
}

const refusal = (name: string, status?: number) =>
  Object.assign(new Error(`${name} it is`), { name, $metadata: { httpStatusCode: status } });

test('a role is assumed once for all who need it, with the id of the connection, until shortly before it ends', async () => {
  const { connection, asked, concealed, at } = setting();
  const first = await Promise.all([at(0), at(0), at(1)]);
  expect(new Set(first.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['ASIA1']));
  expect((await at(HOUR_MS - 5 * 60_000 - 1)).accessKeyId).toBe('ASIA1');
  expect((await at(HOUR_MS - 5 * 60_000)).accessKeyId).toBe('ASIA2');
  expect(asked).toHaveLength(2);
  expect(asked[0]).toEqual({
    arn: settings.role_arn,
    region: 'eu-central-1',
    externalId: connection.id,
    session: 'millrun-queue',
  });
  expect(concealed).toEqual(expect.arrayContaining(['secret 1', 'session 1', 'secret 2', 'session 2']));
});

test.each<[string, number | undefined, string, number]>([
  ['AccessDenied', 403, 'CredentialRejected', 1],
  ['RegionDisabledException', 403, 'CredentialRejected', 1],
  ['ThrottlingException', 400, 'TooManyRequests', 0],
  ['InternalFailure', 500, 'HttpServerError', 0],
  ['TimeoutError', undefined, 'ConnectionFailed', 0],
])('%s (%s) fails the step as %s, and is forgotten', async (name, status, error, reports) => {
  const { reported, at } = setting((n) => {
    if (n === 1) throw refusal(name, status);
  });
  await expect(at(0)).rejects.toMatchObject({ name: error, message: expect.stringContaining('was not assumed') });
  expect(reported).toHaveLength(reports);
  expect((await at(1)).accessKeyId).toBe('ASIA2');
});
