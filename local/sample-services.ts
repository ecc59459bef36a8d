import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { readBody } from './aws/body.ts';

/** Outside services that the examples call. No bucket can have this name. */
export const SAMPLES_PATH = '/_sample/';
const MAX_BODY_BYTES = 1024 * 1024;
const KEYS_REMEMBERED = 10_000;

interface Asked {
  /** What follows the name of the service in the path. */
  rest: string;
  query: URLSearchParams;
  body: unknown;
  /** The caller's idempotency key. */
  key: string | undefined;
}

interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

const order = z.object({ order: z.string().default('') });
const lines = z.object({ lines: z.array(z.object({ quantity: z.number(), unitPrice: z.number() })).default([]) });

/** Vendors, stock, orders and the like, made up and forgotten at the end of the process. */
export class SampleServices {
  readonly #seen = new Set<string>();

  readonly #services: Record<string, (asked: Asked) => Answer> = {
    'GET greeting': ({ query }) => ok({ greeting: `Hello, ${query.get('name') ?? 'world'}!` }),
    'GET vendors': ({ query }) => ok({ items: [{ id: 'vendor-7', name: 'Acme Supplies', order: query.get('order') }] }),
    'GET stock': ({ rest: sku }) => ok({ sku, available: sku.startsWith('OUT') ? 0 : 100, unitPrice: 1250 }),
    'GET invoices': ({ query }) => ok(invoicesOf(Number(query.get('page') ?? 1))),
    'POST reservations': (asked) => this.#reserve(asked),
    'POST orders': ({ body, key }) => {
      const { order: name } = order.parse(body);
      const total = lines.parse(body).lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);
      return { status: 201, body: { id: `order-${short(key ?? name)}`, order: name, total } };
    },
    'POST bookings': ({ body, key }) => {
      const { number } = z.object({ number: z.string() }).parse(body);
      return { status: 201, body: { id: `booking-${short(key ?? number)}`, number } };
    },
    'POST messages': ({ body, key }) => ({ status: 202, body: { id: `msg-${short(key ?? JSON.stringify(body))}` } }),
    'GET sales': ({ query }) => ok(salesOf(query.get('day') ?? '')),
    'GET rates': () => ({ status: 503, body: { error: 'rates are not published at night' } }),
    'POST reports': ({ body }) => ({
      status: 201,
      body: { id: `report-${short(z.object({ day: z.string() }).parse(body).day)}` },
    }),
  };

  /** Whether a request is for them. */
  owns(request: IncomingMessage): boolean {
    return request.url?.startsWith(SAMPLES_PATH) === true;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body, headers } = await this.#answerTo(request);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  }

  async #answerTo(request: IncomingMessage): Promise<Answer> {
    const url = URL.parse(request.url ?? '', 'http://sample');
    const [name = '', ...rest] = (url?.pathname ?? '').slice(SAMPLES_PATH.length).split('/');
    const service = this.#services[`${request.method} ${name}`];
    if (!service || !url) {
      const known = Object.keys(this.#services).some((one) => one.endsWith(` ${name}`));
      return known ? { status: 405, body: { error: 'method not allowed' } } : { status: 404, body: { error: 'not found' } };
    }
    const text = (await readBody(request, MAX_BODY_BYTES)).toString();
    try {
      const key = request.headers['idempotency-key']?.toString();
      return service({
        rest: decodeURIComponent(rest.join('/')),
        query: url.searchParams,
        body: text ? JSON.parse(text) : {},
        key,
      });
    } catch {
      return { status: 400, body: { error: 'not understood' } };
    }
  }

  /** Busy at the first request of every key, so that the example shows a retry. */
  #reserve({ body, key }: Asked): Answer {
    const { order: name } = order.parse(body);
    if (key !== undefined && !this.#seen.has(key)) {
      this.#seen.add(key);
      const [oldest] = this.#seen;
      if (this.#seen.size > KEYS_REMEMBERED && oldest !== undefined) this.#seen.delete(oldest);
      return { status: 503, body: { error: 'warehouse is busy' }, headers: { 'retry-after': '1' } };
    }
    return { status: 201, body: { id: `res-${short(key ?? name)}`, order: name } };
  }
}

const INVOICE_PAGES = 15;

/** Two on a page. */
function invoicesOf(page: number) {
  const items = [2 * page - 1, 2 * page].map((number) => ({ number, amount: number * 10 }));
  return { items, next: page < INVOICE_PAGES ? `${SAMPLES_PATH}invoices?page=${page + 1}` : null };
}

function salesOf(day: string) {
  const amounts = day === 'quiet' ? { north: 300 } : { north: 5200, south: 7400 };
  const regions = Object.entries(amounts).map(([region, amount]) => ({ region, amount }));
  return { day, currency: 'EUR', regions, total: regions.reduce((sum, { amount }) => sum + amount, 0) };
}

const ok = (body: unknown): Answer => ({ status: 200, body });

const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
