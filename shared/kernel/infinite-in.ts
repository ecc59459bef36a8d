import { isExactNumber } from './json.ts';

interface Step {
  container: object;
  key: PropertyKey;
  above: Step | undefined;
}

/** The path, such as `lines.3.price`, of a number beyond all doubles: `1e999` is infinity, or null, to nearly everyone who reads JSON. */
export function infiniteIn(value: unknown): string | undefined {
  // A list of what is to be looked at, since answers of others nest deeper than a stack takes.
  const open: Step[] = [];
  const isInfinite = (inner: unknown, key: PropertyKey, above: Step | undefined): boolean => {
    const number = isExactNumber(inner) ? Number(inner.digits) : inner;
    if (typeof number === 'object' && number !== null) open.push({ container: number, key, above });
    return typeof number === 'number' && !Number.isFinite(number);
  };
  if (isInfinite(value, '', undefined)) return '';
  for (let place = open.pop(); place; place = open.pop()) {
    const key = keyIn(place.container, (inner, at) => isInfinite(inner, at, place));
    if (key !== undefined) return pathTo(key, place);
  }
  return undefined;
}

/** The first key whose value is meant. A list can be long: its numbers are counted, not written out as keys. */
function keyIn(container: object, isMeant: (value: unknown, key: PropertyKey) => boolean): PropertyKey | undefined {
  if (!Array.isArray(container)) return Object.keys(container).find((key) => isMeant(container[key as never], key));
  const index = container.findIndex(isMeant);
  return index < 0 ? undefined : index;
}

function pathTo(key: PropertyKey, place: Step): string {
  const keys = [key];
  for (let at = place; at.above; at = at.above) keys.push(at.key);
  return keys.toReversed().join('.');
}
