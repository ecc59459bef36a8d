import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ProviderDown } from '../../shared/access/id-token.ts';
import { ProviderIdTokens, type ProviderSettings } from '../../shared/access/id-tokens.jose.ts';
import { CLIENT_ID, newSigningKey, SignInProvider } from '../harness/sign-in-provider.ts';

let provider: SignInProvider;
beforeAll(async () => {
  provider = await new SignInProvider({ ada: { email: 'ada@example.com', email_verified: true } }).start();
});
afterAll(() => provider.stop());

const tokens = (more: Partial<ProviderSettings> = {}) =>
  new ProviderIdTokens({ issuer: provider.issuer, clientId: CLIENT_ID, ...more });

const text = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const claims = () => ({ iss: provider.issuer, aud: CLIENT_ID, sub: 'ada', exp: Math.floor(Date.now() / 1000) + 3600 });
const now = () => Math.floor(Date.now() / 1000);

test('a token that somebody got by signing in says who they are', async () => {
  const token = await provider.signIn('ada');
  expect(await tokens().claimsOf(token)).toMatchObject({ sub: 'ada', email: 'ada@example.com', email_verified: true });
});

test('keys are read once for many tokens', async () => {
  const [verifier, before] = [tokens(), provider.keyReads];
  const token = await provider.sign({});
  await Promise.all(Array.from({ length: 20 }, () => verifier.claimsOf(token)));
  await verifier.claimsOf(token);
  expect(provider.keyReads - before).toBe(1);
});

describe('a token is refused', () => {
  const refused = async (token: string, why: RegExp, verifier = tokens()) =>
    expect(await verifier.claimsOf(token).catch((error: unknown) => error)).toMatchObject({
      kind: 'unauthenticated',
      message: expect.stringMatching(why),
    });

  test('that is for another client', async () => {
    await refused(await provider.sign({ aud: 'another' }), /somebody else/);
    await refused(await provider.sign({ aud: [CLIENT_ID, 'another'], azp: 'another' }), /somebody else/);
    await refused(await provider.sign({ aud: [CLIENT_ID, 'another'] }), /somebody else/);
    expect(await tokens().claimsOf(await provider.sign({ aud: [CLIENT_ID, 'another'], azp: CLIENT_ID }))).toBeTruthy();
  });

  test('of another issuer, without asking anybody', async () => {
    const before = provider.keyReads;
    await refused(await provider.sign({ iss: 'https://evil.example' }), /not issued by/);
    await refused(await provider.sign({ iss: `${provider.issuer}/` }), /not issued by/);
    expect(provider.keyReads).toBe(before);
  });

  test('that has expired, half a minute granted', async () => {
    await refused(await provider.sign({ exp: now() - 60 }), /expired/);
    expect(await tokens().claimsOf(await provider.sign({ exp: now() - 5 }))).toBeTruthy();
    const token = await provider.signIn('ada');
    await refused(token, /expired/, tokens({ now: () => new Date(Date.now() + 2 * 3_600_000) }));
  });

  test('that is not valid yet, or has no end', async () => {
    await refused(await provider.sign({ nbf: now() + 600 }), /"nbf"/);
    await refused(await provider.sign({}, provider.key, { endless: true }), /"exp"/);
  });

  test('without a signature', async () => {
    await refused(`${text({ alg: 'none' })}.${text(claims())}.`, /no signature/);
    await refused(`${text({ alg: 'none', kid: 'key-1' })}.${text(claims())}.x`, /no signature/);
  });

  test('with a signature that anybody could have made with the public key', async () => {
    const { n, e, kty, kid } = provider.key.jwk;
    for (const secret of [String(n), JSON.stringify({ kty, n, e })]) {
      const signed = `${text({ alg: 'HS256', kid })}.${text(claims())}`;
      const signature = createHmac('sha256', secret).update(signed).digest('base64url');
      await refused(`${signed}.${signature}`, /no signature/);
    }
  });

  test('signed with another key, under the name of the right one or under its own', async () => {
    const other = await newSigningKey('another');
    await refused(await provider.sign({}, other), /no signature/);
    const kid = String(provider.key.jwk.kid);
    await refused(await provider.sign({}, { ...other, jwk: { ...other.jwk, kid } }), /no signature/);
  });

  test('that brings its own key along', async () => {
    const { privateKey, jwk } = await newSigningKey('own');
    const { d, p, q, dp, dq, qi, ...publicKey } = jwk;
    const { SignJWT } = await import('jose');
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', jwk: publicKey }).sign(privateKey);
    await refused(token, /no signature/);
  });

  test('that was changed, or is none', async () => {
    const [head, , signature] = (await provider.sign({})).split('.');
    await refused(`${head}.${text({ ...claims(), sub: 'eve' })}.${signature}`, /no signature/);
    for (const token of ['eyJ.x.y', 'eyJhbGciOiJSUzI1NiJ9.e30.', '..', '']) await refused(token, /not issued by/);
  });
});

describe('keys that turn over', () => {
  test('are read again for a token that names a new one; the old one is none any more', async () => {
    const verifier = tokens({ cooldownMs: 0 });
    const old = await provider.signIn('ada');
    expect(await verifier.claimsOf(old)).toBeTruthy();
    await provider.stop();
    await provider.start({ rotated: true });
    expect(await verifier.claimsOf(await provider.signIn('ada'))).toBeTruthy();
    await expect(verifier.claimsOf(old)).rejects.toThrow(/no signature/);
  });

  test('are not read again for every key that somebody makes up', async () => {
    const verifier = tokens();
    await verifier.claimsOf(await provider.sign({}));
    const before = provider.keyReads;
    for (let n = 0; n < 5; n += 1) {
      const key = await newSigningKey(`made-up-${n}`);
      await expect(verifier.claimsOf(await provider.sign({}, key))).rejects.toThrow(/no signature/);
    }
    expect(provider.keyReads).toBe(before);
  });
});

describe('a provider that is down', () => {
  test('is told from a token that is wrong, and its tokens are taken as soon as it is up', async () => {
    const token = await provider.signIn('ada');
    const verifier = tokens();
    await provider.stop();
    await expect(verifier.claimsOf(token)).rejects.toThrow(ProviderDown);
    await provider.start();
    await vi.waitFor(async () => expect(await verifier.claimsOf(token)).toBeTruthy(), { timeout: 10_000, interval: 200 });
  });

  test('changes nothing for keys that are known', async () => {
    const token = await provider.signIn('ada');
    const verifier = tokens({ cooldownMs: 0 });
    await verifier.claimsOf(token);
    await provider.stop();
    expect(await verifier.claimsOf(token)).toBeTruthy();
    const unknown = await provider.sign({}, await newSigningKey('new'));
    await expect(verifier.claimsOf(unknown)).rejects.toThrow(ProviderDown);
    expect(await verifier.claimsOf(token)).toBeTruthy();
    await provider.start();
  });

  test('whose discovery document is of another issuer is no provider of ours', async () => {
    const issuer = `${provider.issuer}/`;
    await expect(tokens({ issuer }).claimsOf(await provider.sign({ iss: issuer }))).rejects.toThrow(ProviderDown);
  });
});
