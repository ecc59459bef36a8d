import * as z from 'zod';
import type { LeafKind } from './kind.ts';

const values = z.record(z.string(), z.unknown());

/** Gives names to values; its result is the object. */
export const set: LeafKind<Record<string, unknown>> = {
  shape: 'leaf',
  name: 'set',
  schema: values.describe('Values by name; each may hold ${ ... } expressions.'),
  resolved: values,
  resultNames: (spec) => Object.keys(spec),
  evaluate: (spec) => Promise.resolve(spec),
};
