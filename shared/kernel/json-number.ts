import * as z from 'zod';
import { type ExactNumber, isExactNumber } from './json.ts';

/** Any number of a JSON text. Apart from the parser, which browsers use without schemas. */
export const jsonNumber = z
  .custom<number | ExactNumber>((value) => Number.isFinite(value) || isExactNumber(value))
  .meta({ type: 'number' });
