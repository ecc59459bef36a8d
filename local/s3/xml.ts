/** A value in XML: lists repeat their element. */
export type Xml = string | number | boolean | undefined | Xml[] | { [element: string]: Xml };

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** One document. What XML 1.0 cannot carry is written as a character reference, which is what S3 does. */
export function xmlDocument(root: string, content: Xml, namespace = true): string {
  const attribute = namespace ? ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"' : '';
  return `${PROLOGUE}<${root}${attribute}>${inner(content)}</${root}>`;
}

function inner(value: Xml): string {
  if (value === undefined) return '';
  if (typeof value !== 'object') return escapeXml(String(value));
  if (Array.isArray(value)) return value.map(inner).join('');
  return Object.entries(value)
    .map(([name, child]) => {
      if (child === undefined) return '';
      return (Array.isArray(child) ? child : [child]).map((one) => `<${name}>${inner(one)}</${name}>`).join('');
    })
    .join('');
}

export const escapeXml = (text: string) => text.replace(/[&<>"]|[\0-\x08\x0b\x0c\x0e-\x1f\r]/g, escapeCharacter);

function escapeCharacter(character: string): string {
  return ENTITIES[character] ?? `&#x${character.charCodeAt(0).toString(16)};`;
}
