import { isCallable } from '../../kernel/safe-url.ts';
import { StepError } from '../../kernel/step-error.ts';
import type { HttpSpec } from '../../step/http/spec.ts';
import type { LeafContext } from '../../step/kind.ts';
import { LIMIT_BYTES } from './body.ts';
import { describe } from './failure.ts';
import { requestAt } from './redirect.ts';
import type { HttpRequest } from './request.ts';

export type Paginate = NonNullable<HttpSpec['paginate']>;

/** One page, and the request that it answers, after redirects. */
export interface Page {
  request: HttpRequest;
  result: unknown;
}

const NEXT = 'http.paginate.next';
const ITEMS = 'http.paginate.items';

/** The items of all pages, each called once: the next page is where the one before says. Throws `LimitReached` when there are more than `max`. */
export async function gatherPages(
  first: HttpRequest,
  { next, items, max }: Paginate,
  call: (request: HttpRequest) => Promise<Page>,
  { evaluate, nextTurn }: Pick<LeafContext, 'evaluate' | 'nextTurn'>,
): Promise<unknown[]> {
  const gathered: unknown[] = [];
  const called = new Set<string>();
  let bytes = 0;
  for (let request: HttpRequest | undefined = first; request; ) {
    if (called.size === max)
      throw new StepError('LimitReached', `${describe(first)} has more than ${max} pages, the most that max allows.`);
    if (called.size > 0) await nextTurn();
    called.add(request.url.href);
    const page = await call(request);
    const found = listOf(await evaluate(items, ITEMS, page.result));
    bytes += Buffer.byteLength(JSON.stringify(found));
    if (bytes > LIMIT_BYTES) throw tooLarge(first, called.size);
    for (const item of found) gathered.push(item);
    request = requestOfNext(page.request, await evaluate(next, NEXT, page.result));
    if (request && called.has(request.url.href))
      throw new StepError(
        'HttpServerError',
        `${describe(request)} is named as the next page a second time: the pages go in a circle.`,
      );
  }
  return gathered;
}

/** A link is followed as a redirect is. */
function requestOfNext(from: HttpRequest, link: unknown): HttpRequest | undefined {
  if (link === null || link === undefined || link === '') return undefined;
  const url = typeof link === 'string' ? URL.parse(link, from.url.href) : null;
  if (url && isCallable(url)) return requestAt(from, url);
  const what = typeof link === 'string' ? 'another text' : typeof link === 'object' ? 'a list or a map' : `a ${typeof link}`;
  throw new StepError(
    'ExpressionError',
    `${NEXT}: must give the http or https URL of the next page, or null after the last one, not ${what}`,
  );
}

const tooLarge = (first: HttpRequest, pages: number) =>
  new StepError(
    'OutputTooLarge',
    `The items of ${pages} pages of ${describe(first)} are more than ${LIMIT_BYTES / 1024 / 1024} MiB. Ask for fewer, or let ${ITEMS} take only the fields that are needed.`,
  );

// JSONata gives a list of one as its item, and nothing for an empty list.
function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
