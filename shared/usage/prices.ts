/** What actions cost from a day on, in credits. */
export interface PriceList {
  /** `YYYY-MM-DD`, UTC: runs created from then on. */
  from: string;
  /** For each step that was executed, whatever it does. */
  step: number;
  /** For each call beside that. */
  http: number;
  mcp: number;
  mail: number;
  /** For a minute in which a step waits for time, a person or another run. */
  waiting: number;
  /** For a thousand tokens: the first whose name fits, where `*` stands for any end. */
  tokens: { model: string; in: number; out: number }[];
}

/**
 * The prices, the newest list last. To change them add a list with the day from which it holds, and deploy: what runs have cost before stays as it was. Tokens stand
 * to each other about as providers' own prices do.
 */
export const PRICE_LISTS: readonly PriceList[] = [
  {
    from: '2026-01-01',
    step: 1,
    http: 1,
    mcp: 1,
    mail: 1,
    waiting: 0,
    tokens: [
      { model: 'claude-opus*', in: 5, out: 25 },
      { model: 'claude-sonnet*', in: 3, out: 15 },
      { model: 'claude-haiku*', in: 1, out: 5 },
      { model: 'gpt-5-mini*', in: 0.25, out: 2 },
      { model: 'gpt-5*', in: 1.25, out: 10 },
      { model: '*', in: 3, out: 15 },
    ],
  },
];

/** The list that holds for a run of that time; the first one for whatever is older than all. */
export function pricesAt(at: string, lists: readonly PriceList[] = PRICE_LISTS): PriceList {
  const [first] = lists;
  const found = lists.findLast(({ from }) => from <= at.slice(0, 'YYYY-MM-DD'.length)) ?? first;
  if (!found) throw new Error('There is no list of prices.');
  return found;
}
