export interface Header {
  name: string;
  value: string;
}

export const MAX_HEADER_BYTES = 2 * 1024 * 1024;

/** The headers of a raw mail, unfolded, in their order. */
export function headersOf(raw: Buffer): Header[] {
  const text = raw.toString('utf8', 0, MAX_HEADER_BYTES);
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  return text
    .slice(0, end)
    .split(/\r?\n(?![ \t])/)
    .flatMap((line) => {
      const [, name, value] = /^([!-9;-~]+)[ \t]*:(.*)$/s.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [{ name, value: value.replace(/\r?\n(?=[ \t])/g, '').trim() }];
    });
}

export const headerIn = (headers: Header[], name: string) =>
  headers.find((one) => one.name.toLowerCase() === name.toLowerCase())?.value;
