import { concealHttp } from './http/conceal.ts';
import { authoredSpec, type HttpSpec, resolvedSpec } from './http/spec.ts';
import type { LeafKind } from './kind.ts';

/** Calls a URL; public addresses only, unless the owner of the installation has allowed others. */
export const http: LeafKind<HttpSpec> = {
  shape: 'leaf',
  name: 'http',
  schema: authoredSpec,
  resolved: resolvedSpec,
  late: ['paginate'],
  conceal: concealHttp,
  resultNames: () => ['status', 'headers', 'body'],
};
