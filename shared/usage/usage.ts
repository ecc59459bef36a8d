import * as z from 'zod';

/** What runs use and pay for. Tokens are counted by model: `tokens_in:<model>`. */
export const ACTIONS = ['step', 'http', 'mcp', 'mail', 'tokens_in', 'tokens_out', 'waiting'] as const;
export type Action = (typeof ACTIONS)[number];

/** How often, or how many, by action: minutes of `waiting`. */
export const usage = z.record(z.string(), z.int().min(0));
export type Usage = z.infer<typeof usage>;

/** Names of models are the author's. */
const MODEL_CHARACTERS = 100;
const OTHERS = 'others';
/** Models of one run that are told apart: numbers of a row have an end. */
const MODELS = 20;

export const ofModel = (action: 'tokens_in' | 'tokens_out', model: string) =>
  `${action}:${model.slice(0, MODEL_CHARACTERS).toWellFormed()}`;

/** The action that a name counts, and the model where it is one of tokens. */
export function actionOf(name: string): { action: Action; model?: string } {
  const at = name.indexOf(':');
  const word = at < 0 ? name : name.slice(0, at);
  const action = ACTIONS.find((one) => one === word);
  if (!action) throw new Error(`There is no action ${name}.`);
  return at < 0 ? { action } : { action, model: name.slice(at + 1) };
}

/** Adds in place. */
export function addUsage(sum: Usage, more: Usage): void {
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count;
}

export function summedUsage(all: Iterable<Usage>): Usage {
  const sum: Usage = {};
  for (const one of all) addUsage(sum, one);
  return sum;
}

/** The same, whose rarest models are counted as one. */
export function withFewModels(given: Usage): Usage {
  const tokens = new Map<string, number>();
  for (const [name, count] of Object.entries(given)) {
    const { model } = actionOf(name);
    if (model !== undefined) tokens.set(model, (tokens.get(model) ?? 0) + count);
  }
  if (tokens.size <= MODELS) return given;
  const kept = new Set(
    [...tokens]
      .toSorted((a, b) => b[1] - a[1])
      .slice(0, MODELS)
      .map(([model]) => model),
  );
  return summedUsage(
    Object.entries(given).map(([name, count]) => {
      const { action, model } = actionOf(name);
      return { [model === undefined || kept.has(model) ? name : `${action}:${OTHERS}`]: count };
    }),
  );
}
