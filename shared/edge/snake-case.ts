import * as z from 'zod';

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name;

/** What may be undefined may be absent. */
type Loose<T> = Partial<T> & { [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name] };

type Fields<Shape> = { [Name in keyof Shape & string as Camel<Name>]: Source<Shape[Name]> };

/** What a view is made from: all that the schema names, in the words of the domain; undefined where the view says null. */
type Source<S> =
  S extends z.ZodObject<infer Shape>
    ? Loose<Fields<Shape>>
    : S extends z.ZodNullable<infer Inner>
      ? Source<Inner> | null | undefined
      : S extends z.ZodOptional<infer Inner>
        ? Source<Inner> | undefined
        : S extends z.ZodArray<infer Item>
          ? Source<Item>[]
          : z.input<S>;

/** Fields that the thing does not even know as optional: misspelt, or forgotten. */
type Missing<Shape, Thing> = Record<Exclude<keyof Fields<Shape>, keyof Thing>, never>;

const camelCase = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/**
 * What the API shows of a thing: the fields of the schema in its order and its snake_case, null for what is absent where it says so, and nothing else. The
 * data of users, which a schema knows as records and unknowns only, stays as it is.
 */
export function viewOf<Shape extends z.core.$ZodLooseShape, Thing extends Loose<Fields<Shape>>>(
  schema: z.ZodObject<Shape>,
  thing: Thing & Missing<Shape, Thing>,
): z.input<z.ZodObject<Shape>> {
  return translated(schema, thing) as z.input<z.ZodObject<Shape>>;
}

type Translate = (value: unknown) => unknown;

// A list shows hundreds of things by the same schemas.
const translators = new WeakMap<object, Translate>();

function translatorOf(schema: object): Translate {
  const known = translators.get(schema);
  if (known) return known;
  const made = translator(schema);
  translators.set(schema, made);
  return made;
}

const translated = (schema: object, value: unknown): unknown => translatorOf(schema)(value);

function translator(schema: unknown): Translate {
  if (schema instanceof z.ZodNullable) return (value) => (value == null ? null : translated(schema.unwrap(), value));
  if (schema instanceof z.ZodOptional) return (value) => (value === undefined ? undefined : translated(schema.unwrap(), value));
  if (schema instanceof z.ZodArray)
    return (value) => (Array.isArray(value) ? value.map((item) => translated(schema.element, item)) : value);
  if (!(schema instanceof z.ZodObject)) return (value) => value;
  const fields = Object.entries(schema.shape).map(([name, field]) => ({ name, from: camelCase(name), field }));
  return (value) => {
    if (typeof value !== 'object' || value === null) return value;
    const shown: Record<string, unknown> = {};
    for (const { name, from, field } of fields) {
      const one = translated(field, Object.hasOwn(value, from) ? Reflect.get(value, from) : undefined);
      if (one !== undefined) shown[name] = one;
    }
    return shown;
  };
}

type Renamed<T> = { [Name in keyof T as Name extends string ? Camel<Name> : never]: Exclude<T[Name], undefined> };

/**
 * The schema of an object in a body, whose fields are called as the domain calls them once they are parsed. Its own fields alone: an object within says so
 * itself, and the data of users stays as it is. What was not given is not there.
 */
export const camelCased = <Shape extends z.core.$ZodLooseShape>(schema: z.ZodObject<Shape>) =>
  schema.transform((body) => {
    const given = Object.entries(body).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given.map(([name, value]) => [camelCase(name), value])) as Renamed<typeof body>;
  });
