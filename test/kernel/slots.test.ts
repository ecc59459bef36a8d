import { expect, test } from 'vitest';
import { Slots } from '../../shared/kernel/slots.ts';

test('no more than so many are at it at once, and all get their turn in the order they came', async () => {
  const slots = new Slots(2);
  const order: number[] = [];
  let busy = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 9 }, (_, index) =>
      slots.run(async () => {
        busy += 1;
        most = Math.max(most, busy);
        order.push(index);
        await new Promise(setImmediate);
        busy -= 1;
      }),
    ),
  );
  expect([most, order]).toEqual([2, [0, 1, 2, 3, 4, 5, 6, 7, 8]]);
});

test('who fails gives back, and giving back twice counts once', async () => {
  const slots = new Slots(1);
  await expect(slots.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  const giveBack = await slots.take();
  giveBack();
  giveBack();
  await slots.take();
  const late = new AbortController();
  const waiting = slots.take(late.signal);
  late.abort(new Error('too late'));
  await expect(waiting).rejects.toThrow('too late');
});

test('who leaves the line is passed over', async () => {
  const slots = new Slots(1);
  const giveBack = await slots.take();
  const leaving = new AbortController();
  const left = slots.take(leaving.signal);
  const next = slots.take();
  leaving.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  giveBack();
  await expect(next).resolves.toBeTypeOf('function');
  await expect(slots.take(AbortSignal.abort(new Error('gone before')))).rejects.toThrow('gone before');
});
