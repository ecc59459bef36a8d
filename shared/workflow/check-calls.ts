import { fitInputs } from '../expression/input-schema.ts';
import type { InputProblem } from '../expression/input-words.ts';
import type { Template } from '../expression/template.ts';
import { callKind, kindOf } from '../step/registry.ts';
import { holdsExpression } from './check-constants.ts';
import type { Finding } from './diagnostic.ts';
import type { Document } from './document.ts';
import { isMap } from './parse-steps.ts';
import type { Plan } from './plan.ts';
import { strayName } from './schema-names.ts';

/** A finding about one step, its path from there. */
export type StepFinding = Finding & { step: string };

/** What the `run` steps of a document give that their callees do not take, or take and are not given. */
export function checkCalls(plan: Plan, callees: ReadonlyMap<string, Document>): StepFinding[] {
  return [...callees].flatMap(([step, { name, input: schema }]) => {
    const spec = plan.steps.get(step)?.step.spec;
    const inputs = isMap(spec) && isMap(spec['input']) ? spec['input'] : {};
    return isMap(schema) ? checkCall(inputs, schema, name).map((finding) => ({ ...finding, step })) : [];
  });
}

/** Ids of the steps that start runs, with what they name. */
export const callsIn = (plan: Plan) =>
  [...plan.steps.values()].flatMap(({ id, step }) =>
    kindOf(step.kind).shape === 'call' ? [{ id, ...callKind(step.kind).callee(step.spec) }] : [],
  );

const INPUT = ['run', 'input'];

function checkCall(inputs: Record<string, Template>, schema: Record<string, unknown>, callee: string): Finding[] {
  const names = Object.keys(inputs);
  const strays = names.flatMap((name) => strayInput(name, schema, callee));
  const meant = new Set(strays.map(({ suggestion }) => suggestion));
  const missing = requiredIn(schema).filter((name) => !names.includes(name) && !meant.has(name));
  const wrong = names.flatMap((name) => wrongConstant(name, inputs[name], schema, callee));
  return [
    ...strays,
    ...missing.map((name) => ({
      at: INPUT,
      message: `the workflow "${callee}" needs the input "${name}"; write ${name}: <value>`,
    })),
    ...wrong,
  ];
}

function strayInput(name: string, schema: Record<string, unknown>, callee: string): Finding[] {
  const stray = strayName(schema, [name]);
  if (!stray) return [];
  const { closed, suggestion, known } = stray;
  const hint = suggestion === undefined ? `; it takes ${known.join(', ') || 'none'}` : `, did you mean "${suggestion}"?`;
  const message = `the workflow "${callee}" ${closed ? 'takes' : 'names'} no input "${name}"${hint}`;
  return [{ at: [...INPUT, name], message, suggestion, ...(!closed && { severity: 'warning' as const }) }];
}

/** What the callee demands and has no default for. */
function requiredIn({ required, properties }: Record<string, unknown>): string[] {
  const names = Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
  return names.filter((name) => {
    const property = isMap(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
    return !(isMap(property) && 'default' in property);
  });
}

/** Of one that needs no evaluation, and whose schema stands on its own. */
function wrongConstant(name: string, value: Template, { properties }: Record<string, unknown>, callee: string): Finding[] {
  const property = isMap(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (!isMap(property) || holdsExpression(value) || JSON.stringify(property).includes('"$ref"')) return [];
  const words = ({ message }: InputProblem) => `the workflow "${callee}" does not take this: ${message}`;
  return fitInputs(property, value).problems.map((problem) => ({ at: [...INPUT, name], message: words(problem) }));
}
