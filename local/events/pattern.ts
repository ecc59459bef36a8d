import { TemplateRefused } from '../template/template.ts';

type Test = (value: unknown) => boolean;

/** What an event pattern accepts. Refuses operators that are not known here. */
export function compilePattern(pattern: unknown): Test {
  if (!isObject(pattern)) throw new TemplateRefused(`An event pattern must be an object, not ${JSON.stringify(pattern)}`);
  const fields = Object.entries(pattern).map(([name, wanted]): Test => {
    const accepts = Array.isArray(wanted) ? anyOf(wanted.map(operator)) : compilePattern(wanted);
    return (event) => accepts(isObject(event) ? event[name] : undefined);
  });
  return (event) => fields.every((accepts) => accepts(event));
}

/** A field that holds a list is accepted when one of its items is. */
function anyOf(tests: Test[]): Test {
  return (value) => (Array.isArray(value) ? value : [value]).some((item) => tests.some((accepts) => accepts(item)));
}

function operator(wanted: unknown): Test {
  if (!isObject(wanted)) return (value) => value === wanted;
  const [entry] = Object.entries(wanted);
  const [name, argument] = entry ?? [];
  if (name === 'exists') return (value) => (value !== undefined) === argument;
  if (name === 'anything-but') {
    const refused = (Array.isArray(argument) ? argument : [argument]).map(operator);
    return (value) => value !== undefined && !refused.some((matches) => matches(value));
  }
  if (typeof argument === 'string') {
    if (name === 'prefix') return (value) => typeof value === 'string' && value.startsWith(argument);
    if (name === 'suffix') return (value) => typeof value === 'string' && value.endsWith(argument);
    if (name === 'equals-ignore-case')
      return (value) => typeof value === 'string' && value.toLowerCase() === argument.toLowerCase();
    if (name === 'wildcard') {
      const whole = new RegExp(`^${argument.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's');
      return (value) => typeof value === 'string' && whole.test(value);
    }
  }
  throw new TemplateRefused(`The event pattern operator ${JSON.stringify(wanted)} is not served`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
