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
export function typeOf(schema: Shape): string {
  if (schema.$ref) return `<a href="#${nameOf(schema.$ref)}">${nameOf(schema.$ref)}</a>`;
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(' | ');
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return alternatives.map(typeOf).join(' or ');
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  const types = schema.type === undefined ? ['anything'] : [schema.type].flat();
  return types
    .map((type) => ({ string: schema.format ?? 'text', integer: 'whole number', boolean: 'true or false' })[type] ?? type)
    .join(' or ');
}

/** The limits and the meaning, in words. */
export function notesOf(schema: Shape): string {
  const { minimum, maximum, minLength = 0, maxLength, maxItems, default: preset } = schema;
  return [
    schema.description && `${html(schema.description)}.`.replace(/\.\.$/, '.'),
    minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER && `${minimum} to ${maximum}.`,
    maxLength !== undefined && `${minLength} to ${maxLength} characters.`,
    maxItems !== undefined && `${maxItems} items at most.`,
    preset !== undefined && `Default ${code(preset)}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** The rows of a table of fields; those of objects within stand under them. */
export function rowsOf(schema: Shape, level = 0): string {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .map(([name, field]) => row(name, field, required.has(name), level) + rowsOf(innerOf(field), level + 1))
    .join('');
}

export const row = (name: string, schema: Shape, required: boolean, level = 0) =>
  `<tr><td style="padding-left:${level * 1.25 + 0.75}rem"><code>${html(name)}</code>${required ? '<sup title="required">*</sup>' : ''}</td><td>${typeOf(schema)}</td><td>${notesOf(schema)}</td></tr>`;

/** The object that a field holds, alone, in a list, or as one of several forms. */
function innerOf(schema: Shape): Shape {
  if (schema.items) return innerOf(schema.items);
  return (schema.anyOf ?? schema.oneOf)?.map(innerOf).find(({ properties }) => properties) ?? schema;
}
