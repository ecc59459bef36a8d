import type { RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { LookupFunction } from 'node:net';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { cidrs, mayReach } from '../../../shared/executor/http/networks.ts';
import { cert, key } from './certificate.ts';
import { aCaller, aServer, aTcpServer, failureOf, listen } from './server.ts';

const ok: RequestListener = (_, response) => response.end('ok');

/** A resolver that knows one answer. */
function resolvesTo(...addresses: string[]): LookupFunction {
  return (_host, _options, answer) =>
    answer(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
}

describe('a reserved endpoint', () => {
  const reservedAt = (port: number, path = '/') => ({ reservedEndpoints: [`http://127.0.0.1:${port}${path}`] });
  const refused = { name: 'ConnectionFailed', data: { code: 'ADDRESS_REFUSED' } };

  test('is not reached, though its network is allowed, by any name or number of this machine', async () => {
    const { port } = await aServer(ok);
    const call = aCaller({ ...reservedAt(port), lookup: resolvesTo('127.0.0.1') });
    for (const host of ['127.0.0.1', '[::1]', '[::]', '0.0.0.0', '2130706433', 'rebound.example'])
      expect(await failureOf(call({ url: `http://${host}:${port}/` }))).toMatchObject(refused);
  });

  test('stays open below its path, and a connection that goes there serves no other', async () => {
    const { port } = await aServer(ok);
    const call = aCaller({ ...reservedAt(port, '/open/'), lookup: resolvesTo('127.0.0.1') });
    for (const host of ['127.0.0.1', 'rebound.example']) {
      await expect(call({ url: `http://${host}:${port}/open/it` })).resolves.toMatchObject({ status: 200 });
      for (const path of ['/', '/open', '/open/../', '/OPEN/'])
        expect(await failureOf(call({ url: `http://${host}:${port}${path}` }))).toMatchObject(refused);
    }
  });

  test('leaves other ports and other machines alone', async () => {
    const { port } = await aServer(ok);
    await expect(aCaller(reservedAt(port + 1))({ url: `http://127.0.0.1:${port}/` })).resolves.toMatchObject({ status: 200 });
    const elsewhere = { reservedEndpoints: [`http://10.0.0.9:${port}`] };
    await expect(aCaller(elsewhere)({ url: `http://127.0.0.1:${port}/` })).resolves.toMatchObject({ status: 200 });
  });
});

describe('calls at once', () => {
  test('are as many as there are connections, whatever becomes of them', async () => {
    let busy = 0;
    let most = 0;
    const { url } = await aServer((request, response) => {
      busy += 1;
      most = Math.max(most, busy);
      setTimeout(() => {
        busy -= 1;
        if (request.url === '/broken') request.socket.destroy();
        else response.writeHead(request.url === '/refused' ? 500 : 200).end('x'.repeat(100_000));
      }, 5);
    });
    const call = aCaller({ connections: 3 });
    const paths = Array.from({ length: 8 }, () => ['/', '/refused', '/broken']).flat();
    const outcomes = await Promise.allSettled(paths.map((path) => call({ url: url + path, method: 'POST' })));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(8);
    expect(most).toBe(3);
  });

  test('that wait for one keep their time limit', async () => {
    const { url } = await aServer(() => {});
    const call = aCaller({ connections: 1 });
    const first = new AbortController();
    const hanging = failureOf(call({ url }, { signal: first.signal }));
    expect(await failureOf(call({ url }, { signal: AbortSignal.timeout(20) }))).toMatchObject({ name: 'Timeout' });
    first.abort(new Error('enough'));
    await hanging;
  });
});

describe('an address', () => {
  test.each(['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])('%s is public', (address) => {
    expect(mayReach(address, [])).toBe(true);
  });

  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '192.0.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::ffff:0:10.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::808:808',
    '2001:db8::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    '8000::1',
    'not an address',
  ])('%s is not public', (address) => {
    expect(mayReach(address, [])).toBe(false);
  });

  test('is allowed by the network that holds it, in whatever form it comes', () => {
    expect(mayReach('10.1.2.3', cidrs(['192.168.0.0/16', '10.0.0.0/8']))).toBe(true);
    expect(mayReach('::ffff:10.1.2.3', cidrs(['10.0.0.0/8']))).toBe(true);
    expect(mayReach('fd12::1', cidrs(['fd12::/16']))).toBe(true);
    expect(mayReach('11.0.0.1', [])).toBe(true);
    expect(mayReach('172.16.0.1', cidrs(['10.0.0.0/8', 'fd12::/16']))).toBe(false);
  });

  test('of a private network is refused in its mapped form as well', () => {
    const privately = fc
      .tuple(fc.constantFrom('10', '127', '0', '240'), fc.nat(255), fc.nat(255), fc.nat(255))
      .map((parts) => parts.join('.'));
    fc.assert(
      fc.property(
        privately,
        (address) => void expect([mayReach(address, []), mayReach(`::ffff:${address}`, [])]).toEqual([false, false]),
      ),
    );
  });

  test('is anything at all when every network is allowed', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6()),
        (address) => void expect(mayReach(address, cidrs(['0.0.0.0/0', '::/0']))).toBe(true),
      ),
    );
  });

  test('list that holds nonsense is refused at once', () => {
    expect(() => cidrs(['10.0.0.0/8', '10.0.0.1'])).toThrow('"10.0.0.1" is not a network');
    expect(() => aCaller({ allowedNetworks: ['all'] })).toThrow('"all"');
  });
});

describe('a call', () => {
  const strict = aCaller({ allowedNetworks: [] });

  test.each([
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '0177.0.0.1',
    '①②⑦.0.0.1',
    '0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::7f00:1]',
  ])('to http://%s is refused without a connection', async (host) => {
    const { port, connections } = await aServer(ok);
    const failure = await failureOf(strict({ url: `http://${host}:${port}/` }));
    expect(failure).toMatchObject({ name: 'ConnectionFailed', data: { code: 'ADDRESS_REFUSED' } });
    expect(connections()).toBe(0);
  });

  test('to localhost is refused', async () => {
    const { port, connections } = await aServer(ok);
    expect(await failureOf(strict({ url: `http://localhost:${port}` }))).toMatchObject({ data: { code: 'ADDRESS_REFUSED' } });
    expect(connections()).toBe(0);
  });

  test('to a name that resolves to a private address is refused, and says how to allow it', async () => {
    const lured = aCaller({ allowedNetworks: [], lookup: resolvesTo('10.0.0.5', 'fd00::1') });
    const failure = await failureOf(lured({ url: 'https://erp.example/' }));
    expect(failure.message).toBe(
      'erp.example (10.0.0.5, fd00::1) is not a public address; an administrator can allow its network with ALLOWED_NETWORKS',
    );
  });

  test('dials only the addresses that it may', async () => {
    const { port } = await aServer(ok);
    const mixed = aCaller({ allowedNetworks: ['127.0.0.1/32'], lookup: resolvesTo('10.0.0.5', '127.0.0.1') });
    expect(await mixed({ url: `http://erp.example:${port}` })).toMatchObject({ body: 'ok' });
  });

  test('asks the resolver once per connection, so no second answer can differ', async () => {
    const { port } = await aServer(ok);
    let asked = 0;
    const rebinding: LookupFunction = (host, options, answer) => {
      asked += 1;
      resolvesTo(asked === 1 ? '127.0.0.1' : '127.0.0.9')(host, options, answer);
    };
    expect(
      await aCaller({ allowedNetworks: ['127.0.0.1/32'], lookup: rebinding })({ url: `http://erp.example:${port}` }),
    ).toMatchObject({ body: 'ok' });
    expect(asked).toBe(1);
  });

  test('reaches IPv6', async () => {
    const { url } = await aServer(ok, '::1');
    expect(await aCaller()({ url })).toMatchObject({ body: 'ok' });
  });
});

describe('a failing connection', () => {
  const call = aCaller();

  test('that is refused names host, port and code', async () => {
    const { server, port } = await aServer(ok);
    await new Promise((closed) => server.close(closed));
    const failure = await failureOf(call({ url: `http://127.0.0.1:${port}/a?key=secret` }));
    expect(failure).toMatchObject({
      name: 'ConnectionFailed',
      message: `GET http://127.0.0.1:${port}/a failed: 127.0.0.1:${port} refused the connection (ECONNREFUSED)`,
      data: { code: 'ECONNREFUSED' },
    });
  });

  test('to a name with two addresses names the code as well', async () => {
    const { server, port } = await aServer(ok);
    await new Promise((closed) => server.close(closed));
    const both = aCaller({ lookup: resolvesTo('127.0.0.1', '::1') });
    expect(await failureOf(both({ url: `http://erp.example:${port}` }))).toMatchObject({ data: { code: 'ECONNREFUSED' } });
  });

  test('to an unknown name says so', async () => {
    const lookup: LookupFunction = (host, _options, answer) =>
      answer(Object.assign(new Error(`getaddrinfo ${host}`), { code: 'ENOTFOUND' }), '');
    const failure = await failureOf(aCaller({ lookup })({ url: 'http://nowhere.example/' }));
    expect(failure.message).toBe('GET http://nowhere.example/ failed: nowhere.example:80 is not a known host (ENOTFOUND)');
  });

  test.each([
    ['is not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'not HTTP'],
    ['ends in the middle of the headers', 'HTTP/1.1 200 OK\r\ncontent-', ''],
    ['ends in the middle of the body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345', 'before the whole answer'],
    ['ends in the middle of a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12', 'before the whole answer'],
    ['is empty', '', 'before the whole answer'],
    ['has endless headers', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`, 'not HTTP'],
    ['switches protocols', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\n', 'nobody asked for'],
  ])('whose answer %s fails with a name', async (_, answer, words) => {
    const { url } = await aTcpServer((socket) => socket.once('data', () => socket.end(answer)));
    expect(await failureOf(call({ url }))).toMatchObject({ name: 'ConnectionFailed', message: expect.stringContaining(words) });
  });

  test('with a certificate that nobody trusts says so; a trusted one passes', async () => {
    const server = createTlsServer({ cert, key }, ok);
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const url = `https://127.0.0.1:${await listen(server, '127.0.0.1')}`;
    const failure = await failureOf(call({ url }));
    expect(failure).toMatchObject({ name: 'ConnectionFailed', data: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
    expect(failure.message).toContain('certificate that is not trusted');
    expect(await aCaller({ ca: cert })({ url })).toMatchObject({ body: 'ok' });
  });

  test('to a server that does not speak TLS fails with a name', async () => {
    const { port } = await aServer(ok);
    expect(await failureOf(call({ url: `https://127.0.0.1:${port}` }))).toMatchObject({ name: 'ConnectionFailed' });
  });

  test('that never gets through the TLS handshake is given up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    let connected = () => {};
    const connection = new Promise<void>((resolve) => {
      connected = resolve;
    });
    const { url } = await aTcpServer(() => connected());
    const failing = failureOf(call({ url: url.replace('http:', 'https:') }));
    await connection;
    vi.advanceTimersByTime(10_000);
    expect(await failing).toMatchObject({ name: 'ConnectionFailed', message: expect.stringContaining('within 10 s') });
  });
});
