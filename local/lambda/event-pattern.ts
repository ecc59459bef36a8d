import * as z from 'zod';
import { TemplateRefused } from '../cloudformation/template.ts';

/** One value is one of these, or begins with that. */
const alternative = z.union([z.string(), z.null(), z.strictObject({ prefix: z.string() })]);
type Alternative = z.infer<typeof alternative>;

/** A filter of an event source: what it names must hold, all else may be as it is. */
export type Pattern = { [name: string]: Pattern | Alternative[] };
const pattern: z.ZodType<Pattern> = z.lazy(() => z.record(z.string(), z.union([z.array(alternative), pattern])));

/** Refuses what filters of Lambda can say and nobody here understands. */
export function parsePattern(logicalId: string, text: string): Pattern {
  const { success, data } = pattern.safeParse(JSON.parse(text));
  if (!success) throw new TemplateRefused(`${logicalId} has the filter ${text}; texts and prefixes are served`);
  return data;
}

/** Whether the event is as the pattern says. */
export function fits(event: unknown, wanted: Pattern): boolean {
  if (typeof event !== 'object' || event === null) return false;
  return Object.entries(wanted).every(([name, inner]) => {
    const value: unknown = Reflect.get(event, name);
    return Array.isArray(inner) ? inner.some((one) => isAs(value, one)) : fits(value, inner);
  });
}

function isAs(value: unknown, one: Alternative): boolean {
  if (typeof one === 'string' || one === null) return value === one;
  return typeof value === 'string' && value.startsWith(one.prefix);
}
