import {
  type Alias,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
  type Document as YamlDocument,
} from 'yaml';
import { isExactNumber, numberFrom } from '../kernel/json.ts';
import { MAX_ALIASES, MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_NESTING } from '../kernel/limits.ts';
import { causeOf } from './yaml-cause.ts';

/** A place in a text; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

export interface TextProblem extends Position {
  message: string;
  severity: 'error' | 'warning';
}

/** A text that has been read: its value, and where each part of it stands. */
export interface ReadText {
  value: unknown;
  problems: TextProblem[];
  /** Where a value stands; of a key in a map, the key. A path that leads nowhere gives the nearest place above it. */
  placeOf(path: PropertyKey[]): Position;
}

const START: Position = { line: 1, column: 1 };
const TOO_DEEP = `the document nests too deeply: at most ${MAX_DEPTH} levels of lists and maps are allowed, and ${MAX_NESTING} of steps`;
const JSON_NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$/;
const POISONOUS = ['__proto__', 'constructor', 'prototype'];

/** Reads YAML 1.2 (JSON is YAML), and of it only what is plain data. Never throws. */
export function readYaml(text: string): ReadText {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_DOCUMENT_BYTES) return unreadable(`the document has ${bytes} bytes, at most ${MAX_DOCUMENT_BYTES} are allowed`);
  try {
    return read(text);
  } catch (error) {
    if (error instanceof RangeError) return unreadable(TOO_DEEP);
    throw error;
  }
}

function unreadable(message: string): ReadText {
  return { value: undefined, problems: [{ ...START, message, severity: 'error' }], placeOf: () => START };
}

function read(text: string): ReadText {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    // Looked at below: the parser compares every key of a map with every other.
    uniqueKeys: false,
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter: lines,
  });
  const placeAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const errors = [...document.errors, ...document.warnings];
  // The parser reports its own stack overflow as a mistake in the text.
  if (errors.some(({ message }) => message.includes('call stack'))) return unreadable(TOO_DEEP);
  const cause = causeOf(errors, text, document);
  const problems: TextProblem[] = cause
    ? [{ ...placeAt(cause.offset), message: cause.message, severity: 'error' }]
    : inspect(document, placeAt);
  const broken = problems.some(({ severity }) => severity === 'error');
  const value = broken ? undefined : document.toJS({ maxAliasCount: -1 });
  return { value, problems, placeOf: (path) => placeOf(document, path, placeAt) };
}

/** What is YAML but not a document: poisonous keys, bombs of aliases, numbers that JSON cannot hold. Numbers that a double cannot hold get all their digits. */
function inspect(document: YamlDocument, placeAt: (offset: number) => Position): TextProblem[] {
  const problems: TextProblem[] = [];
  const complain = (
    node: { range?: [number, number, number] | null | undefined },
    message: string,
    severity: 'error' | 'warning' = 'error',
  ) => problems.push({ ...placeAt(node.range?.[0] ?? 0), message, severity });
  // To find what an alias stands for is to read the whole document.
  const tooMany = aliasAfter(document, MAX_ALIASES);
  if (tooMany) {
    complain(tooMany, `more than ${MAX_ALIASES} aliases (*name) are not allowed`);
    return problems;
  }
  visit(document, (key, node, path) => {
    if (isAlias(node)) {
      const meant = node.resolve(document);
      if (!meant) complain(node, `there is no &${node.source} above this alias`);
      if (holdsAlias(meant)) complain(node, 'an alias (*name) may not stand for what holds aliases');
    }
    if (isCollection(node) && path.filter(isCollection).length === MAX_DEPTH) {
      complain(node, TOO_DEEP);
      return visit.SKIP;
    }
    if (isMap(node)) for (const twin of twinsIn(node)) complain(twin, 'this key occurs twice in one map');
    if (!isScalar(node)) return undefined;
    if (typeof node.value === 'string' && !node.value.isWellFormed())
      complain(node, 'this text has half a character (a lone surrogate such as \\ud800)');
    if (key === 'key' && POISONOUS.includes(String(node.value))) complain(node, `the key "${String(node.value)}" is not allowed`);
    if (typeof node.value === 'number' && !Number.isFinite(node.value))
      complain(node, `${node.source ?? 'this'} is not a number that JSON can hold`);
    else if (key !== 'key' && typeof node.value === 'number' && node.source !== undefined && String(node.value) !== node.source) {
      const number = JSON_NUMBER.test(node.source) ? numberFrom(node.source) : node.value;
      if (isExactNumber(number)) node.value = number;
      else complain(node, `${node.source} is read as the number ${node.value}; put it in quotes to keep it as text`, 'warning');
    }
    return undefined;
  });
  return problems;
}

/** The alias that comes after the first `count`. */
function aliasAfter(document: YamlDocument, count: number): Alias | undefined {
  let found: Alias | undefined;
  let aliases = 0;
  visit(document, {
    Alias: (_, alias) => {
      aliases += 1;
      if (aliases <= count) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
}

/** The keys of a map that it has had before. */
function twinsIn(map: YAMLMap): Scalar[] {
  const seen = new Set<unknown>();
  return map.items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    if (seen.has(key.value)) return [key];
    seen.add(key.value);
    return [];
  });
}

// So a text can grow by the number of its aliases at most, never by a power of it.
function holdsAlias(node: Node | undefined): boolean {
  let found = false;
  if (isCollection(node)) {
    visit(node, {
      Alias: () => {
        found = true;
        return visit.BREAK;
      },
    });
  }
  return found;
}

function placeOf(document: YamlDocument, path: PropertyKey[], placeAt: (offset: number) => Position): Position {
  let node: unknown = document.contents;
  let offset = offsetOf(node) ?? 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (!pair) break;
      offset = offsetOf(pair.key) ?? offset;
      node = pair.value;
    } else {
      const item = isCollection(node) ? node.items[Number(key)] : undefined;
      if (item === undefined || isPair(item)) break;
      offset = offsetOf(item) ?? offset;
      node = item;
    }
  }
  return placeAt(offset);
}

function offsetOf(node: unknown): number | undefined {
  return isScalar(node) || isCollection(node) || isAlias(node) ? node.range?.[0] : undefined;
}
