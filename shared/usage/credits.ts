import { type PriceList, pricesAt } from './prices.ts';
import { actionOf, type Usage } from './usage.ts';

const THOUSAND = 1_000;

/** What was used costs, by the same names, in thousandths of a credit. */
export function creditsOf(usage: Usage, at: string, lists?: readonly PriceList[]): Usage {
  const prices = pricesAt(at, lists);
  const costs = Object.entries(usage).map(([name, count]) => [name, Math.round(count * priceOf(name, prices))] as const);
  return Object.fromEntries(costs.filter(([, cost]) => cost > 0));
}

/** For one of it, in thousandths of a credit. */
function priceOf(name: string, prices: PriceList): number {
  const { action, model = '' } = actionOf(name);
  if (action !== 'tokens_in' && action !== 'tokens_out') return prices[action] * THOUSAND;
  const tokens = prices.tokens.find((one) => fits(one.model, model));
  // Tokens are priced by the thousand.
  return (action === 'tokens_in' ? tokens?.in : tokens?.out) ?? 0;
}

const fits = (pattern: string, model: string) =>
  pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : model === pattern;

/** All of it together. */
export const sumOf = (credits: Usage): number => Object.values(credits).reduce((sum, cost) => sum + cost, 0);

/** As people read it. */
export const inCredits = (thousandths: number): number => thousandths / THOUSAND;
