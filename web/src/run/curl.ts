import { isMap } from '../../../shared/kernel/is-map.ts';
import { isExactNumber } from '../../../shared/kernel/json.ts';

/** As a shell takes it for what it is. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const isCut = (value: unknown) => isMap(value) && value['truncated'] === true;
const scalarText = (value: unknown) =>
  isExactNumber(value) ? value.digits : typeof value === 'object' ? JSON.stringify(value) : String(value);

/** A list repeats its name; null leaves it out. */
const pairsOf = (values: unknown): [string, string][] =>
  Object.entries(isMap(values) ? values : {}).flatMap(([name, value]) =>
    [value].flat().flatMap((one): [string, string][] => (one === null || one === undefined ? [] : [[name, scalarText(one)]])),
  );

/** The call that an `http` step makes, as it is typed; without what a connection adds. Undefined where not all of it is there. */
export function callAsCurl(input: unknown): string | undefined {
  if (!isMap(input) || typeof input['url'] !== 'string' || typeof input['method'] !== 'string') return undefined;
  const { method, url, query, headers, body, file, multipart } = input;
  if (file !== undefined || multipart !== undefined || isCut(input) || isCut(body)) return undefined;
  const asked = pairsOf(query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  const address = asked.length > 0 ? `${url}${url.includes('?') ? '&' : '?'}${asked.join('&')}` : url;
  const given = pairsOf(headers);
  const hasType = given.some(([name]) => name.toLowerCase() === 'content-type');
  const hasBody = body !== undefined && body !== null;
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  return [
    `curl -sS -X ${method} ${quoted(address)}`,
    ...given.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(hasBody && !hasType ? [`-H ${quoted(`content-type: ${type}`)}`] : []),
    ...(hasBody ? [`--data-raw ${quoted(typeof body === 'string' ? body : JSON.stringify(body))}`] : []),
  ].join(' \\\n  ');
}

/** What the API says of a step; the key is named, not shown. */
export const stepAsCurl = (origin: string, runId: string, key: string) =>
  `curl -sS ${quoted(`${origin}/v1/runs/${runId}/context?${new URLSearchParams({ step: key })}`)} -H "x-api-key: $KEY"`;

/** The same run once more; the key is named, not shown. */
export const rerunAsCurl = (origin: string, runId: string, from: 'start' | 'failed') =>
  `curl -sS ${quoted(`${origin}/v1/runs/${runId}/rerun`)} -H "x-api-key: $KEY" -H 'content-type: application/json' -d '${JSON.stringify({ from })}'`;
