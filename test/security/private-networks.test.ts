import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, startApi } from '../edge/api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi({ bootstrapWorkspace: 'local', bootstrapProject: 'examples', allowedNetworks: [] });
});
afterAll(() => api.close());

/** One of every network that is not public, and the ends of some. */
const ADDRESSES = [
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.254',
  '192.0.0.1',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
];
const NAMES = ['localhost', 'LOCALHOST', '[::]', '[::1]', '[fc00::1]', '[fd00:ec2::254]', '[fe80::1]', '[ff02::1]'];

/** An address in every form that URLs know. */
function spellings(address: string): string[] {
  const bytes = address.split('.').map(Number);
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0'));
  const groups = `${hex[0]}${hex[1]}:${hex[2]}${hex[3]}`;
  return [
    address,
    String(Number(`0x${hex.join('')}`)),
    `0x${hex.join('')}`,
    bytes.map((byte) => `0${byte.toString(8)}`).join('.'),
    `[::ffff:${address}]`,
    `[64:ff9b::${groups}]`,
    `[2002:${groups}::]`,
  ];
}

test('where no private network is allowed, none is reached, however its address is written', async () => {
  const hosts = [...ADDRESSES.flatMap(spellings), ...NAMES];
  expect(hosts.length).toBeGreaterThan(100);
  const workflow = await api.publish(
    `  - id: each
    forEach:
      in: "\${ $input.hosts }"
      as: host
      concurrency: 10
      steps:
        - id: call
          http: { method: GET, url: "http://\${ $host }:1/" }
          timeout: 5s
          output: reached
          catch: [{ steps: [{ id: refused, set: { why: "\${ $error.message }" } }] }]
`,
    { top: 'output: { each: "${ $steps.each }" }' },
  );
  const { body } = await api.start(workflow, { hosts });
  const { status, outputs } = await api.ended(body.id);
  expect(status).toBe('succeeded');
  const reached = hosts.filter((_, n) => !outputs.each[n].why?.includes('is not a public address'));
  expect(outputs.each).toHaveLength(hosts.length);
  expect(reached).toEqual([]);
});
