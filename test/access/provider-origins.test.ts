import { expect, test } from 'vitest';
import { ProviderOrigins } from '../../shared/access/provider-origins.ts';

const ISSUER = 'https://cognito-idp.eu-central-1.amazonaws.com/pool';
const OWN = 'https://cognito-idp.eu-central-1.amazonaws.com';
const at = (seconds: number) => new Date(seconds * 1000);

function providerThat(answers: (string | undefined)[]) {
  let asked = 0;
  const origins = new ProviderOrigins(ISSUER, async (issuer) => {
    const token_endpoint = answers[asked++];
    if (token_endpoint === undefined) throw new Error('down');
    return { issuer, jwks_uri: `${issuer}/keys`, token_endpoint };
  });
  return { origins, asked: () => asked };
}

test('a page speaks to the issuer and to where it gives tokens, which is asked for once', async () => {
  const { origins, asked } = providerThat(['https://login.example.com/oauth2/token']);
  expect(await origins.known(at(0))).toEqual([OWN, 'https://login.example.com']);
  expect(await origins.known(at(9999))).toEqual([OWN, 'https://login.example.com']);
  expect(asked()).toBe(1);
  expect(await providerThat([`${OWN}/token`]).origins.known(at(0))).toEqual([OWN]);
});

test('while the provider is down pages go out without asking it each time', async () => {
  const { origins, asked } = providerThat([undefined, 'https://login.example.com/token']);
  expect(await origins.known(at(0))).toEqual([OWN]);
  expect(await origins.known(at(29))).toEqual([OWN]);
  expect(asked()).toBe(1);
  expect(await origins.known(at(30))).toEqual([OWN, 'https://login.example.com']);
});
