import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { camelCased, viewOf } from '../../shared/edge/snake-case.ts';

const parcel = z.object({
  id: z.string(),
  sent_at: z.string(),
  seen_last_by: z.string().nullable(),
  note: z.string().optional(),
});
const sent = { sentAt: '12:00', seenLastBy: 'ada', id: 'p1' };

describe('a view', () => {
  test('has the fields of its schema, in the order and the snake_case of it', () => {
    expect(JSON.stringify(viewOf(parcel, { ...sent, note: 'n' }))).toBe(
      '{"id":"p1","sent_at":"12:00","seen_last_by":"ada","note":"n"}',
    );
  });

  test('says null for what is absent where its schema says null, and leaves out what may be left out', () => {
    const unseen: { id: string; sentAt: string; seenLastBy?: string; note?: string } = { id: 'p1', sentAt: '12:00' };
    expect(Object.entries(viewOf(parcel, unseen))).toEqual([
      ['id', 'p1'],
      ['sent_at', '12:00'],
      ['seen_last_by', null],
    ]);
  });

  test('shows nothing that its schema does not name', () => {
    const kept = { ...sent, note: 'n', hash: 's3cret', sender: { hash: 's3cret' } };
    expect(JSON.stringify(viewOf(parcel, kept))).not.toContain('s3cret');
  });

  test('goes into lists, and into objects that may be null', () => {
    const shelf = z.object({
      all_parcels: z.array(z.object({ sent_at: z.string() })),
      top_one: z.object({ sent_at: z.string() }).nullable(),
    });
    expect(viewOf(shelf, { allParcels: [sent, sent], topOne: undefined })).toEqual({
      all_parcels: [{ sent_at: '12:00' }, { sent_at: '12:00' }],
      top_one: null,
    });
    expect(viewOf(shelf, { allParcels: [], topOne: sent }).top_one).toEqual({ sent_at: '12:00' });
  });

  test('leaves the data of users as it is, whatever its keys are called', () => {
    const run = z.object({
      all_inputs: z.record(z.string(), z.unknown()),
      output: z.unknown(),
      labels: z.record(z.string(), z.string()),
    });
    const data = { orderId: 7, order_id: { lineItems: [undefined, null] } };
    const view = viewOf(run, { allInputs: data, output: data, labels: { costCenter: 'a', cost_center: 'b' } });
    expect(view.all_inputs).toBe(data);
    expect(view.output).toBe(data);
    expect(view.labels).toEqual({ costCenter: 'a', cost_center: 'b' });
  });

  test('does not compile from a thing that lacks what the schema names, or has it of another kind', () => {
    // @ts-expect-error: sentAt is missing
    viewOf(parcel, { id: 'p1', seenLastBy: null, note: undefined });
    // @ts-expect-error: what may be null must be known all the same, or a misspelt name would show null for ever
    viewOf(parcel, { id: 'p1', sentAt: '12:00', seenBy: 'ada', note: undefined });
    // @ts-expect-error: sentAt is a text
    expect(viewOf(parcel, { ...sent, sentAt: 12, note: undefined }).sent_at).toBe(12);
  });
});

describe('a body', () => {
  const change = camelCased(
    z.strictObject({
      max_size: z.int().optional(),
      kept_for: z.string().default('1d'),
      start_defaults: z.record(z.string(), z.unknown()).optional(),
      time_limit: camelCased(z.strictObject({ of_step: z.int().nullable() })).optional(),
    }),
  );

  test('has the names of the domain once it is parsed, also in objects that say so themselves', () => {
    expect(change.parse({ max_size: 1, time_limit: { of_step: null } })).toEqual({
      maxSize: 1,
      keptFor: '1d',
      timeLimit: { ofStep: null },
    });
  });

  test('leaves the data of users as it is', () => {
    const data = { order_id: 1, lineItems: [{ unit_price: 2 }] };
    expect(change.parse({ start_defaults: data }).startDefaults).toEqual(data);
  });

  test('has no field that was not given, so that nothing is changed by it', () => {
    expect(Object.keys(change.parse({ max_size: undefined }))).toEqual(['keptFor']);
  });

  test('is refused under the names that were sent', () => {
    const { issues } = change.safeParse({ time_limit: { of_step: 'x', ofStep: 1 } }).error ?? { issues: [] };
    expect(issues.map(({ path, code }) => [path.join('.'), code])).toEqual([
      ['time_limit.of_step', 'invalid_type'],
      ['time_limit', 'unrecognized_keys'],
    ]);
  });
});
