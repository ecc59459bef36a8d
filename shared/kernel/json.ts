declare global {
  // Of the language since Node 21, but not yet of the declarations that come with TypeScript.
  interface JSON {
    rawJSON(text: string): object;
    parse(text: string, reviver: (key: string, value: unknown, context: { source: string }) => unknown): unknown;
  }
}

/**
 * A number whose digits a double cannot hold, such as the id 8202522731445525542. It is passed on and printed digit by digit, also by
 * `JSON.stringify`, and equals itself; whoever calculates with it gets an error instead of another number.
 */
export class ExactNumber {
  /** As JSON writes them. */
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }

  toJSON(): object {
    return JSON.rawJSON(this.digits);
  }

  toString(): string {
    return this.digits;
  }

  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.digits;
    throw new TypeError(`${this.digits} has more digits than can be calculated with`);
  }
}

export const isExactNumber = (value: unknown): value is ExactNumber => value instanceof ExactNumber;

// 16 signs are fewer than a double always holds; an exponent of three digits may be beyond it.
const MAY_BE_EXACT = /(?:^|[[:,\s])-?\d(?:[\d.]{15}|[\d.]*[eE][+-]?\d{3})/;

/** With so many digits every double has a text of its own. */
const DOUBLE_DIGITS = 17;

/** `JSON.parse` that keeps every digit: what a double cannot hold becomes an `ExactNumber`. */
export function parseJson(text: string): unknown {
  if (!MAY_BE_EXACT.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value, { source }) => (typeof value === 'number' ? numberFrom(source) : value));
}

/** The number that a JSON text says. */
export function numberFrom(text: string): number | ExactNumber {
  const number = Number(text);
  return isSame(number, text) ? number : exact(text);
}

// Equal ones are one object, since JSONata's `in` and the sets of JavaScript compare objects by identity.
const living = new Map<string, WeakRef<ExactNumber>>();
const collected = new FinalizationRegistry((digits: string) => {
  if (living.get(digits)?.deref() === undefined) living.delete(digits);
});

function exact(digits: string): ExactNumber {
  const known = living.get(digits)?.deref();
  if (known) return known;
  const made = new ExactNumber(digits);
  living.set(digits, new WeakRef(made));
  collected.register(made, digits);
  return made;
}

/** Whether the double says what the text says. What a double was printed as, with 17 digits or fewer, is that double again. */
function isSame(number: number, text: string): boolean {
  if (String(number) === text) return true;
  if (/^-?\d+$/.test(text)) return Number.isSafeInteger(number);
  if (!Number.isFinite(number)) return false;
  const { digits, power } = scientific(text);
  const printed = digits.length > DOUBLE_DIGITS ? undefined : scientific(number.toPrecision(digits.length || 1));
  return printed?.digits === digits && (printed.power === power || digits === '');
}

/** The digits of a number without the zeros around them, and the power of ten behind them. */
function scientific(text: string): { digits: string; power: number } {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return { digits: digits.slice(0, end), power: Number(exponent) - fraction.length + digits.length - end };
}
