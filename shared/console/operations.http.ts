import * as z from 'zod';
import { operation } from '../edge/route.ts';

const at = { method: 'GET', entry: 'api/console', tag: 'console', open: true, responses: { 200: 'text/html' } } as const;

/** What browsers ask for. These are pages, so they are not in the table of the API. */
export const consolePages = {
  consoleStart: operation({ ...at, path: '/', summary: 'The console' }),
  consolePage: operation({ ...at, path: '/{page+}', summary: 'A page of the console', params: z.object({ page: z.string() }) }),
  consoleAsset: operation({
    ...at,
    path: '/assets/{file+}',
    summary: 'A script, style or picture of the console',
    params: z.object({ file: z.string() }),
  }),
};

export const signInOperations = {
  getSignIn: operation({
    method: 'GET',
    path: '/v1/sign-in',
    entry: 'api/console',
    summary: 'How people sign in here: with whom, as which client; null where there are keys alone',
    tag: 'access',
    open: true,
    responses: {
      200: z.object({ provider: z.object({ issuer: z.string(), client_id: z.string() }).nullable() }).meta({ id: 'SignIn' }),
    },
  }),
};
