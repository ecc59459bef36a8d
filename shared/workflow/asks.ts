import type { Kind, OnError, Step } from '../step/kind.ts';
import { kinds } from '../step/registry.ts';
import type { Document } from './document.ts';

/** A group fails with a step inside, which may ask itself; what people or authors have decided is not asked again. */
export const mayAsk = ({ shape, name }: Kind) => shape !== 'group' && shape !== 'ask' && name !== 'raise';

/** Whom to ask when the step has failed for good; undefined when it simply fails. */
export function asksOf({ kind, onError }: Step, document: Document): OnError | undefined {
  const known = kinds.get(kind);
  const rule = onError ?? document.onError;
  return !known || !mayAsk(known) || rule === undefined || rule === 'fail' ? undefined : rule;
}
