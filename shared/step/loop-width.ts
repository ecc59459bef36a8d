import type { Step } from './kind.ts';
import { groupKind } from './registry.ts';

/** How many items of a loop may be under way at once. */
export const loopWidth = ({ kind, spec }: Step): number => groupKind(kind).loop?.(spec).concurrency ?? 1;
