import { concealHttp } from './http/conceal.ts';
import { authoredSpec, type HttpSpec, resolvedSpec } from './http/spec.ts';
import type { LeafKind } from './kind.ts';

const PAGE_NAMES = ['status', 'headers', 'body'];

/** Calls a URL; public addresses only, unless the owner of the installation has allowed others. */
export const http: LeafKind<HttpSpec> = {
  shape: 'leaf',
  name: 'http',
  schema: authoredSpec,
  resolved: resolvedSpec,
  late: { paginate: PAGE_NAMES },
  conceal: concealHttp,
  // Of pages it is the list of all their items.
  resultNames: ({ paginate }) => (paginate === undefined ? PAGE_NAMES : undefined),
};
