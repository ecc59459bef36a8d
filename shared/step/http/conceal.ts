import { isMap } from '../../kernel/is-map.ts';
import { MASK } from '../../kernel/mask.ts';
import type { Concealed } from '../kind.ts';
import { isSecretField, isSecretName, secretParameters, withoutSecretParameters } from './secret-names.ts';

/** Parts of a header that are no secret by themselves are shorter: `Bearer`, `Basic`, names of cookies. */
const LEAST_PART_CHARS = 8;

/** The input of an http step without the credentials that its headers, query, URL and form carry by their names. */
export function concealHttp(input: unknown): Concealed {
  if (!isMap(input)) return { shown: input, secrets: [] };
  const secrets: string[] = [];
  const shown = Object.entries(input).map(([key, value]) => [key, concealed(key, value, secrets)]);
  return { shown: Object.fromEntries(shown), secrets };
}

function concealed(key: string, value: unknown, secrets: string[]): unknown {
  if (key === 'headers' || key === 'query') return hidden(value, isSecretName, secrets);
  if (key === 'body' || key === 'multipart') return hidden(value, isSecretField, secrets);
  if (key !== 'url' || typeof value !== 'string') return value;
  secrets.push(...secretParameters(value));
  return withoutSecretParameters(value, MASK);
}

/** Masks what stands under secret names, at any depth, and gathers it. */
function hidden(value: unknown, isSecret: (name: string) => boolean, secrets: string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => hidden(item, isSecret, secrets));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const texts = isSecret(name) ? scalars(inner) : [];
      secrets.push(...texts.flatMap(partsOf));
      return [name, texts.length > 0 ? MASK : hidden(inner, isSecret, secrets)];
    }),
  );
}

/** A text or a number, or a list of those. */
const scalars = (value: unknown): string[] =>
  [value].flat().flatMap((one) => (typeof one === 'string' || typeof one === 'number' ? [String(one)] : []));

/** A server may quote the credential without the word before it. */
const partsOf = (text: string) => [text, ...text.split(/[\s;,=]+/).filter((part) => part.length >= LEAST_PART_CHARS)];
