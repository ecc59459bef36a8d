import { type Network, type NetworkSettings, openNetwork } from './http/agents.ts';
import { callHttp } from './http/call.ts';
import { concealHttp } from './http/conceal.ts';
import { authoredSpec, type HttpSpec, resolvedSpec } from './http/spec.ts';
import type { LeafKind } from './kind.ts';

let network: Network | undefined;

/** Says, before the first step, which networks the kind `http` may reach beside the public ones. */
export function configureHttp(settings: NetworkSettings): void {
  network = openNetwork(settings);
}

/** Calls a URL; public addresses only, unless `configureHttp` has allowed others. */
export const http: LeafKind<HttpSpec> = kindOver(() => {
  network ??= openNetwork();
  return network;
});

/** The kind `http` over a network of its own. */
export function httpKind(settings: NetworkSettings): LeafKind<HttpSpec> {
  const own = openNetwork(settings);
  return kindOver(() => own);
}

function kindOver(current: () => Network): LeafKind<HttpSpec> {
  return {
    shape: 'leaf',
    name: 'http',
    schema: authoredSpec,
    resolved: resolvedSpec,
    conceal: concealHttp,
    resultNames: () => ['status', 'headers', 'body'],
    execute: (spec, context) => callHttp(spec, context, current()),
  };
}
