import { traceHeaders } from '../../kernel/trace.ts';
import type { HttpSpec } from '../../step/http/spec.ts';
import type { LeafContext, StepFiles } from '../../step/kind.ts';
import { formOf, type StreamedBody } from './form.ts';

/** One request as it goes out; header names in lower case. */
export interface HttpRequest {
  method: HttpSpec['method'];
  url: URL;
  headers: Record<string, string>;
  body?: Buffer | StreamedBody | undefined;
}

const FORM = 'application/x-www-form-urlencoded';

/** What an http step sends first; redirects may lead to others. */
export async function requestOf(
  spec: HttpSpec,
  { runId, stepKey, files, trace }: Pick<LeafContext, 'runId' | 'stepKey' | 'files' | 'trace'>,
): Promise<HttpRequest> {
  const given = Object.entries(spec.headers ?? {}).flatMap(([name, value]) =>
    value === null ? [] : [[name.toLowerCase(), value]],
  );
  const { body, type } = await contentOf(spec, files, given.find(([name]) => name === 'content-type')?.[1]);

  return {
    method: spec.method,
    url: withQuery(spec.url, spec.query ?? {}),
    headers: {
      accept: '*/*',
      'accept-encoding': 'gzip, br',
      'user-agent': 'millrun',
      ...traceHeaders(trace),
      // The same key on every attempt, so that a server which honours it acts once.
      ...(spec.method !== 'GET' && spec.method !== 'HEAD' && { 'idempotency-key': `${runId}/${stepKey}` }),
      ...(type && { 'content-type': type }),
      ...Object.fromEntries(given),
      // Nobody but the form knows what parts it.
      ...(spec.multipart && type && { 'content-type': type }),
      ...(body && { 'content-length': String(body.length) }),
    },
    body,
  };
}

interface Content {
  body?: Buffer | StreamedBody;
  type?: string;
}

async function contentOf({ body, file, multipart }: HttpSpec, files: StepFiles, type: string | undefined): Promise<Content> {
  if (multipart) return formOf(multipart, files);
  if (!file) return encodeBody(body, type);
  const { size, type: own, open } = await files.read(file);
  return { body: { length: size, open }, type: own };
}

function withQuery(text: string, query: NonNullable<HttpSpec['query']>): URL {
  const url = new URL(text);
  for (const [name, value] of pairs(query)) url.searchParams.append(name, value);
  return url;
}

/** A list repeats its name; null leaves it out. */
function pairs(values: object): [string, string][] {
  return Object.entries(values).flatMap(([name, value]) =>
    [value]
      .flat()
      .flatMap((item: unknown): [string, string][] => (item === null || item === undefined ? [] : [[name, scalarText(item)]])),
  );
}

function scalarText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function encodeBody(body: unknown, type: string | undefined): Content {
  if (body === undefined || body === null) return {};
  if (typeof body === 'string') return { body: Buffer.from(body), type: 'text/plain; charset=utf-8' };
  if (type?.toLowerCase().startsWith(FORM) && typeof body === 'object' && !Array.isArray(body)) {
    return { body: Buffer.from(new URLSearchParams(pairs(body)).toString()) };
  }
  return { body: Buffer.from(JSON.stringify(body)), type: 'application/json' };
}
