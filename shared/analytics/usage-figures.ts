import { inCredits } from '../usage/credits.ts';
import { ACTIONS, type Action, actionOf } from '../usage/usage.ts';
import { type Counts, creditKey, usedKey } from './contribution.ts';
import { runFigures } from './figures.ts';

/** What was used of one thing, and what that costs. */
export interface ActionFigures {
  action: Action;
  model?: string | undefined;
  count: number;
  credits: number;
}

/** What runs have used. */
export interface UsageFigures {
  runs: number;
  steps: number;
  httpCalls: number;
  mcpCalls: number;
  mails: number;
  tokensIn: number;
  tokensOut: number;
  credits: number;
}

/** By action and model, in the order of the price list. */
export function actionFigures(counts: Counts): ActionFigures[] {
  const names = namesIn(counts, usedKey(''));
  return names
    .map((name) => ({
      ...actionOf(name),
      count: counts[usedKey(name)] ?? 0,
      credits: inCredits(counts[creditKey(name)] ?? 0),
    }))
    .toSorted((a, b) => ACTIONS.indexOf(a.action) - ACTIONS.indexOf(b.action) || b.credits - a.credits);
}

export function usageFigures(counts: Counts): UsageFigures {
  const used = (action: Action) => sum(counts, namesIn(counts, usedKey('')), action);
  return {
    runs: runFigures(counts).runs,
    steps: used('step'),
    httpCalls: used('http'),
    mcpCalls: used('mcp'),
    mails: used('mail'),
    tokensIn: used('tokens_in'),
    tokensOut: used('tokens_out'),
    credits: inCredits(creditsIn(counts)),
  };
}

/** All of them, in thousandths. */
export const creditsIn = (counts: Counts): number =>
  namesIn(counts, creditKey('')).reduce((all, name) => all + (counts[creditKey(name)] ?? 0), 0);

const namesIn = (counts: Counts, prefix: string): string[] =>
  Object.keys(counts).flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));

const sum = (counts: Counts, names: string[], action: Action): number =>
  names.filter((name) => actionOf(name).action === action).reduce((all, name) => all + (counts[usedKey(name)] ?? 0), 0);
