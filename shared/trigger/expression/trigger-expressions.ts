import * as z from 'zod';
import { conditionOf } from '../../expression/condition.ts';
import type { Explained } from '../../expression/explain.ts';
import { evaluateExpression } from '../../expression/expression.ts';
import { plainNamesInSource } from '../../expression/plain-names.ts';
import { type Reference, readingOfSource } from '../../expression/references.ts';
import { Problem } from '../../kernel/problem.ts';
import { StepError } from '../../kernel/step-error.ts';

/** What the expressions of a trigger read. */
export interface Readable {
  /** What arrives, in a word. */
  thing: string;
  /** Whose expressions they are. */
  trigger: string;
  /** What of it has names; the first is what a name without one is likely to be of. */
  names: readonly string[];
}

/** The two expressions that a trigger may have. */
interface TriggerExpressions {
  /** JSONata to inputs. */
  mapping?: string | undefined;
  /** JSONata condition: what does not meet it starts nothing. */
  if?: string | undefined;
}

const inputObject = z.record(z.string(), z.unknown());

/** Refuses expressions that cannot be used, by name. */
export function checkExpressions(expressions: TriggerExpressions, readable: Readable): void {
  for (const name of ['mapping', 'if'] as const) {
    const problem = expressions[name] === undefined ? undefined : expressionProblem(expressions[name], readable);
    if (problem !== undefined)
      throw new Problem('invalid', `The ${name} cannot be used: ${problem}.`, [{ name, value: problem }]);
  }
}

/** Why a text cannot be a mapping or a condition; undefined if it can. What it reads must be there to be read. */
export function expressionProblem(text: string, readable: Readable): string | undefined {
  const { references, problems } = readingOfSource(text);
  const [problem = references.map((one) => withDollar(one, readable))[0] ?? plainProblem(text, readable)] = problems;
  return problem && `${problem.message}${problem.position === undefined ? '' : ` (at character ${problem.position + 1})`}`;
}

const withDollar = ({ name, position }: Reference, { names }: Readable): Explained => ({
  message: `$${name} is not known; a mapping reads ${names.join(', ')}, without "$"`,
  position,
});

function plainProblem(mapping: string, { thing, names }: Readable): Explained | undefined {
  const { read, called, hyphens } = plainNamesInSource(mapping);
  const calls = called.map(({ name, position }) => ({
    message: `the function ${name}() is called without "$"; write $${name}()`,
    position,
  }));
  const subtractions = hyphens.flatMap(({ path, position, outside }) =>
    outside ? [{ message: `"${path.replaceAll('`', '')}" subtracts one name from another; write ${path}`, position }] : [],
  );
  const strays = read.flatMap(({ name, path, position }) =>
    names.includes(name) || /^[$*]/.test(name)
      ? []
      : [{ message: `${thing} has ${names.join(', ')} and no "${name}", did you mean ${names[0]}.${path}?`, position }],
  );
  return [...calls, ...subtractions, ...strays][0];
}

/** The inputs that what arrived means. Without a mapping they are `whole`, or `{<its name>: whole}` when that is no object. */
export async function mappedInputs(
  mapping: string | undefined,
  read: Record<string, unknown>,
  readable: Readable,
): Promise<Record<string, unknown>> {
  const [whole = ''] = readable.names;
  if (mapping === undefined) return inputObject.safeParse(read[whole]).data ?? { [whole]: read[whole] };
  const value = await evaluated('mapping', mapping, read, readable);
  const inputs = inputObject.safeParse(value);
  if (inputs.success) return inputs.data;
  throw new Problem('invalid', 'The mapping gives no object of inputs.', [{ name: 'mapping', value: typeof value }]);
}

/** Whether what arrived meets the condition: null counts as false, what is neither true nor false is refused. */
export async function meetsCondition(
  condition: string | undefined,
  read: Record<string, unknown>,
  readable: Readable,
): Promise<boolean> {
  if (condition === undefined) return true;
  const value = await evaluated('if', condition, read, readable);
  return told('if', readable, async () => conditionOf(value, 'if'));
}

function evaluated(field: 'mapping' | 'if', expression: string, read: Record<string, unknown>, readable: Readable) {
  return told(field, readable, () => evaluateExpression(expression, { step: null, field }, read));
}

/** What an expression fails with is for the sender to hear. */
async function told<T>(field: 'mapping' | 'if', { thing, trigger }: Readable, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    const what = field === 'if' ? `The condition of the ${trigger} cannot be evaluated.` : `The ${bare(thing)} cannot be mapped.`;
    throw new Problem('invalid', `${what} ${error.message}`, [{ name: field, value: error.message }]);
  }
}

const bare = (thing: string) => thing.replace(/^an? /, '');
