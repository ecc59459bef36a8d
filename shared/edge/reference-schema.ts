import * as z from 'zod';

/** Of JSON Schema, what a reader wants to see. */
export interface Shape {
  $ref?: string | undefined;
  type?: string | string[] | undefined;
  enum?: unknown[] | undefined;
  const?: unknown;
  anyOf?: Shape[] | undefined;
  oneOf?: Shape[] | undefined;
  items?: Shape | undefined;
  properties?: Record<string, Shape> | undefined;
  required?: string[] | undefined;
  description?: string | undefined;
  default?: unknown;
  minimum?: number | undefined;
  maximum?: number | undefined;
  minLength?: number | undefined;
  maxLength?: number | undefined;
  maxItems?: number | undefined;
  format?: string | undefined;
}

const branches = z.lazy(() => z.array(shape).optional());
export const shape: z.ZodType<Shape> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    enum: z.array(z.unknown()).optional(),
    const: z.unknown().optional(),
    anyOf: branches,
    oneOf: branches,
    items: shape.optional(),
    properties: z.record(z.string(), shape).optional(),
    required: z.array(z.string()).optional(),
    description: z.string().optional(),
    default: z.unknown().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    minLength: z.number().optional(),
    maxLength: z.number().optional(),
    maxItems: z.number().optional(),
    format: z.string().optional(),
  }),
);

export const html = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const code = (value: unknown) => `<code>${html(JSON.stringify(value) ?? '')}</code>`;

const nameOf = (ref: string) => ref.slice(ref.lastIndexOf('/') + 1);

/** The type in a few words: `list of Run`, `text or number`. */
export function typeOf(of: Shape): string {
  if (of.$ref) return `<a href="#${nameOf(of.$ref)}">${nameOf(of.$ref)}</a>`;
  if (of.const !== undefined) return code(of.const);
  if (of.enum) return of.enum.map(code).join(' | ');
  const alternatives = of.anyOf ?? of.oneOf;
  if (alternatives) return alternatives.map(typeOf).join(' or ');
  if (of.items) return `list of ${typeOf(of.items)}`;
  const types = of.type === undefined ? ['anything'] : [of.type].flat();
  return types
    .map((type) => ({ string: of.format ?? 'text', integer: 'whole number', boolean: 'true or false' })[type] ?? type)
    .join(' or ');
}

/** The limits and the meaning, in words. */
export function notesOf(of: Shape): string {
  const { minimum, maximum, minLength = 0, maxLength, maxItems, default: preset } = of;
  return [
    of.description && `${html(of.description)}.`.replace(/\.\.$/, '.'),
    minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER && `${minimum} to ${maximum}.`,
    maxLength !== undefined && `${minLength} to ${maxLength} characters.`,
    maxItems !== undefined && `${maxItems} items at most.`,
    preset !== undefined && `Default ${code(preset)}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** The rows of a table of fields; those of objects within stand under them. */
export function rowsOf(of: Shape, level = 0): string {
  const required = new Set(of.required ?? []);
  return Object.entries(of.properties ?? {})
    .map(([name, field]) => row(name, field, required.has(name), level) + rowsOf(innerOf(field), level + 1))
    .join('');
}

export const row = (name: string, of: Shape, required: boolean, level = 0) =>
  `<tr><td style="padding-left:${level * 1.25 + 0.75}rem"><code>${html(name)}</code>${required ? '<sup title="required">*</sup>' : ''}</td><td>${typeOf(of)}</td><td>${notesOf(of)}</td></tr>`;

/** The object that a field holds, alone, in a list, or as one of several forms. */
function innerOf(of: Shape): Shape {
  if (of.items) return innerOf(of.items);
  return (of.anyOf ?? of.oneOf)?.map(innerOf).find(({ properties }) => properties) ?? of;
}
