import { RE2JS } from 're2js';
import { Effort } from './effort.ts';

const MAX_MATCHES = 100_000;

const compiled = new WeakMap<RegExp, RE2JS>();

/** Compiles for the engine that matches in linear time; throws for what it cannot do (look-around, back references). */
export function linear(pattern: RegExp): RE2JS {
  const known = compiled.get(pattern);
  if (known) return known;
  const flags = (pattern.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (pattern.multiline ? RE2JS.MULTILINE : 0);
  const fresh = RE2JS.compile(RE2JS.translateRegExp(pattern.source), flags);
  compiled.set(pattern, fresh);
  return fresh;
}

/**
 * The part of `RegExp` that JSONata uses, over RE2: no pattern of an author can hang the worker. Extends `RegExp` for the type of
 * JSONata's `RegexEngine` option only.
 */
export class LinearRegex extends RegExp {
  readonly #pattern: RE2JS;
  #matcher: ReturnType<RE2JS['matcher']> | undefined;
  #text = '';
  #matches = 0;

  constructor(pattern: RegExp | string) {
    super('', 'g');
    this.#pattern = linear(typeof pattern === 'string' ? new RegExp(pattern) : pattern);
  }

  override exec(text: string): RegExpExecArray | null {
    if (!this.#matcher || this.#text !== text) {
      this.#matcher = this.#pattern.matcher(text);
      this.#text = text;
      this.#matches = 0;
    }
    const matcher = this.#matcher;
    const from = this.lastIndex;
    const steps = this.#pattern.programSize() * (text.length - from);
    // What is left to search may be searched again for every match.
    if (from > text.length || !Effort.current.search(steps, () => matcher.find(from))) return null;
    this.#matches += 1;
    if (this.#matches > MAX_MATCHES) throw new Error(`the regular expression matches more than ${MAX_MATCHES} times`);
    this.lastIndex = matcher.end();
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '');
    return Object.assign(groups, { 0: matcher.group() ?? '', index: matcher.start(), input: text });
  }
}
