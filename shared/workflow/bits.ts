/** Sets of small whole numbers, as bits: what makes the order of 500 steps quick to find. */
export type Bits = Uint32Array<ArrayBuffer>;

export function none(size: number): Bits {
  return new Uint32Array(Math.ceil(size / 32));
}

export function has(bits: Bits, item: number): boolean {
  return (((bits[item >> 5] ?? 0) >>> (item & 31)) & 1) === 1;
}

export function add(bits: Bits, item: number): void {
  const word = item >> 5;
  bits[word] = (bits[word] ?? 0) | (1 << (item & 31));
}

export function of(size: number, items: Iterable<number>): Bits {
  const bits = none(size);
  for (const item of items) add(bits, item);
  return bits;
}

/** Adds all of `other`. */
export function addAll(bits: Bits, other: Bits): void {
  for (let word = 0; word < bits.length; word += 1) bits[word] = (bits[word] ?? 0) | (other[word] ?? 0);
}

export function without(bits: Bits, other: Bits): Bits {
  return bits.map((word, index) => word & ~(other[index] ?? 0));
}

export function both(bits: Bits, other: Bits): Bits {
  return bits.map((word, index) => word & (other[index] ?? 0));
}

export function isEmpty(bits: Bits): boolean {
  return bits.every((word) => word === 0);
}

export function count(bits: Bits): number {
  let sum = 0;
  for (const word of bits) sum += ones(word);
  return sum;
}

/** How many of `bits` are not in `other`. */
export function countWithout(bits: Bits, other: Bits): number {
  let sum = 0;
  for (let word = 0; word < bits.length; word += 1) sum += ones((bits[word] ?? 0) & ~(other[word] ?? 0));
  return sum;
}

export function items(bits: Bits): number[] {
  const found: number[] = [];
  for (const [index, word] of bits.entries()) {
    for (let left = word; left !== 0; left &= left - 1) found.push(index * 32 + 31 - Math.clz32(left & -left));
  }
  return found;
}

// Counts pairs, then fours, then bytes, all at once.
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
