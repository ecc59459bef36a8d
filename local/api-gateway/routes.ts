import findMyWay, { type HTTPMethod } from 'find-my-way';
import type { DeclaredRoute } from './gateway.ts';

export interface Found {
  route: DeclaredRoute;
  parameters: Record<string, string>;
}

const METHODS: HTTPMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** Finds the route of a request; `malformed` when its path cannot be decoded. Exact segments win over parameters, and those over greedy ones. */
export function routeFinder(routes: DeclaredRoute[]): (method: string, url: string) => Found | 'malformed' | undefined {
  const router = findMyWay({ maxParamLength: 2048 });
  const fallback = routes.find(({ routeKey }) => routeKey === '$default');
  for (const route of routes) {
    if (route === fallback) continue;
    const path = route.path.replace(/\{[^}]+\+\}/, '*').replace(/\{([^}]+)\}/g, ':$1');
    router.on(route.method === 'ANY' ? METHODS : known(route.method), path, () => {}, route);
  }

  return (method, url) => {
    const [path = '/'] = url.split('?');
    if (!decodes(path)) return 'malformed';
    const verb = METHODS.find((one) => one === method);
    const found = verb && router.find(verb, path);
    const route: DeclaredRoute | undefined = found?.store ?? fallback;
    return route && { route, parameters: parametersOf(route, found?.params ?? {}) };
  };
}

function known(method: string): HTTPMethod {
  const verb = METHODS.find((one) => one === method);
  if (!verb) throw new Error(`Routes with the method ${method} are not served`);
  return verb;
}

/** The router calls the rest of the path `*`. */
function parametersOf({ path }: DeclaredRoute, params: Record<string, string | undefined>): Record<string, string> {
  const greedy = /\{([^}]+)\+\}/.exec(path)?.[1];
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name === '*' ? (greedy ?? name) : name, value ?? '']));
}

function decodes(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
