import { createHmac } from 'node:crypto';
import * as z from 'zod';

const said = z.looseObject({ delivery_id: z.string().optional(), outcome: z.string().optional() });

export interface Heard {
  status: number;
  /** The delivery, when the delivery was acknowledged. */
  delivery: string | undefined;
  outcome: string | undefined;
}

/** A foreign system that signs as GitHub does and names its deliveries. */
export async function deliver(url: string, secret: string, n: number): Promise<Heard> {
  const body = JSON.stringify({ n });
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-delivery': `delivery-${n}`,
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
  });
  const { delivery_id: delivery, outcome } = said.parse(await answer.json());
  return { status: answer.status, delivery, outcome };
}

interface Api {
  get(path: string): Promise<{ body: unknown }>;
}

/** Every entry of a list, page after page. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export async function all(api: Api, path: string): Promise<any[]> {
  const items = [];
  let token = '';
  do {
    const { body } = (await api.get(`${path}${path.includes('?') ? '&' : '?'}limit=100${token}`)) as {
      body: { items: unknown[]; continuation_token: string | null };
    };
    items.push(...body.items);
    token = body.continuation_token === null ? '' : `&continuation_token=${body.continuation_token}`;
  } while (token !== '');
  return items;
}
