import { expect } from 'vitest';
import { openApiDocument } from '../../shared/api/openapi.ts';
import { operations } from '../../shared/api/routes.ts';

const declared = Object.values(operations).map(({ method, path }) => ({
  method: method as string,
  pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  statuses: Object.keys(Object(openApiDocument().paths?.[path])[method.toLowerCase()].responses).map(Number),
}));

/** Of a request whose head is too large no route hears. */
const HEAD_TOO_LARGE = 431;

/** What comes from us, and not from what stands before us, has a status that the document says it may have. */
export function expectDeclared(
  method: string,
  path: string,
  { status, body }: { status: number; body?: { status_code?: number } },
) {
  const route = declared.find((one) => one.method === method && one.pattern.test(path.split('?')[0] ?? ''));
  const isOurs = status < 400 || (body?.status_code === status && status !== HEAD_TOO_LARGE);
  if (route && isOurs)
    expect(route.statuses, `${method} ${path.slice(0, 200)} says which statuses it may answer`).toContain(status);
}
