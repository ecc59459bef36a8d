import { notFound, Problem } from '../../kernel/problem.ts';
import type { Delivery, DeliveryTrigger } from './delivery.ts';
import type { Payloads } from './payloads.ts';

/** Nothing that a browser would show: what others have sent is saved and never run. */
export const RAW_TYPE = 'application/octet-stream';

/** With what surrounds it in its call, more would not fit through Lambda. */
const LIMIT_BYTES = 4 * 1024 * 1024;

/** How the payload of a trigger is written down for people, without the credentials in its head. */
export interface RawForm {
  /** Of the name of the file. */
  ending: string;
  write(kept: Buffer): Buffer;
}

export interface RawServices {
  payloads: Payloads;
  rawForms: Partial<Record<DeliveryTrigger, RawForm>>;
}

/** What was delivered. Throws `not-found` where nothing was kept, `too-large` for what no answer can hold. */
export async function rawDelivery(
  { payloads, rawForms }: RawServices,
  { id, payload, bytes, trigger }: Delivery,
): Promise<{ name: string; bytes: Buffer }> {
  const form = rawForms[trigger];
  if (payload === undefined || !form) throw notFound('payload of delivery', id);
  if (bytes > LIMIT_BYTES) throw tooLarge(payload, bytes);
  const kept = await payloads.get(payload);
  if (!kept) throw notFound('payload of delivery', id);
  return { name: `${id}.${form.ending}`, bytes: form.write(kept) };
}

const tooLarge = (payload: string, bytes: number) =>
  new Problem('too-large', `The payload has ${bytes} bytes; ${LIMIT_BYTES} can be sent. It lies in the bucket as ${payload}.`, [
    { name: 'payload', value: payload },
  ]);
