import * as z from 'zod';
import { TemplateRefused } from './template.ts';

/** Where `Ref`, `Fn::GetAtt` and the rest find their values. */
export interface Scope {
  ref(name: string): unknown;
  attribute(resource: string, name: string): unknown;
  condition(name: string): boolean;
  mapping(map: string, first: string, second: string): unknown;
}

const text = z.string();
const list = z.array(z.unknown());
const REFERENCE = /\$\{(!?)([^}]+)\}/g;

/** The value with every intrinsic function replaced by what it stands for; `AWS::NoValue` disappears. */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope)).filter((item) => item !== undefined);
  if (value === null || typeof value !== 'object') return value;

  const entries = Object.entries(value);
  const [first] = entries;
  if (first && entries.length === 1) {
    const [name, argument] = first;
    const intrinsic = INTRINSICS[name];
    if (intrinsic) return intrinsic(argument, scope);
    if (name.startsWith('Fn::')) throw new TemplateRefused(`The intrinsic function ${name} is not served`);
  }
  const resolved = entries.map(([key, item]) => [key, resolve(item, scope)] as const);
  return Object.fromEntries(resolved.filter(([, item]) => item !== undefined));
}

/** What a template's condition comes to. */
export function holds(condition: unknown, scope: Scope): boolean {
  const value = resolve(condition, scope);
  if (typeof value !== 'boolean') throw new TemplateRefused(`A condition came to ${JSON.stringify(value)}`);
  return value;
}

type Intrinsic = (argument: unknown, scope: Scope) => unknown;

const INTRINSICS: Record<string, Intrinsic> = {
  Ref: (argument, scope) => scope.ref(text.parse(argument)),
  Condition: (argument, scope) => scope.condition(text.parse(argument)),
  'Fn::GetAtt': (argument, scope) => {
    const [resource, ...name] = typeof argument === 'string' ? argument.split('.') : z.array(text).parse(argument);
    return scope.attribute(resource ?? '', name.join('.'));
  },
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = list.parse(argument);
    return z.array(z.coerce.string()).parse(resolve(parts, scope)).join(text.parse(separator));
  },
  'Fn::Split': (argument, scope) => {
    const [separator, source] = list.parse(argument);
    return text.parse(resolve(source, scope)).split(text.parse(separator));
  },
  'Fn::Select': (argument, scope) => {
    const [index, source] = list.parse(argument);
    return list.parse(resolve(source, scope))[z.coerce.number().parse(index)];
  },
  'Fn::Sub': (argument, scope) => {
    const [pattern, own] = typeof argument === 'string' ? [argument, {}] : list.parse(argument);
    const values = z.record(z.string(), z.unknown()).parse(resolve(own ?? {}, scope));
    return text.parse(pattern).replace(REFERENCE, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      const value = name in values ? values[name] : substituted(name, scope);
      return z.coerce.string().parse(value);
    });
  },
  'Fn::If': (argument, scope) => {
    const [name, yes, no] = list.parse(argument);
    return resolve(scope.condition(text.parse(name)) ? yes : no, scope);
  },
  'Fn::Equals': (argument, scope) => {
    const [one, other] = list.parse(resolve(argument, scope));
    return one === other;
  },
  'Fn::Not': (argument, scope) => !list.parse(argument).some((part) => holds(part, scope)),
  'Fn::And': (argument, scope) => list.parse(argument).every((part) => holds(part, scope)),
  'Fn::Or': (argument, scope) => list.parse(argument).some((part) => holds(part, scope)),
  'Fn::FindInMap': (argument, scope) => {
    const [map, first, second] = z.array(text).parse(resolve(argument, scope));
    return scope.mapping(map ?? '', first ?? '', second ?? '');
  },
  'Fn::Base64': (argument, scope) => Buffer.from(text.parse(resolve(argument, scope))).toString('base64'),
};

function substituted(name: string, scope: Scope): unknown {
  const dot = name.indexOf('.');
  return dot < 0 ? scope.ref(name) : scope.attribute(name.slice(0, dot), name.slice(dot + 1));
}
