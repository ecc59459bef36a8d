import { LRUCache } from 'lru-cache';
import { eventPattern, type Matches } from '../../kernel/event-pattern.ts';
import { parseJson } from '../../kernel/json.ts';
import { type Arrival, audienceOf } from './event.ts';
import type { EventRule, EventRules } from './event-rule.ts';

/** For so long a rule that is new may miss what happens, or one that has changed hear of it. */
const KNOWN_MS = 2_000;

/** Which rules an event is for, in an installation. */
export type RulesFor = (arrival: Arrival) => Promise<EventRule[]>;

/** Remembers the rules of a workspace for a moment: a flood of events asks for them once. */
export function rulesFrom(rules: Pick<EventRules, 'all'>): RulesFor {
  const known = new LRUCache<string, Promise<{ rule: EventRule; matches: Matches }[]>>({ max: 1_000, ttl: KNOWN_MS });
  const of = (workspace: string) => {
    const found = known.get(workspace) ?? readied(rules, workspace);
    known.set(workspace, found, { noUpdateTTL: true });
    found.catch(() => known.delete(workspace));
    return found;
  };
  return async (arrival) => {
    const { workspace, project } = audienceOf(arrival);
    const all = await of(workspace);
    const ours = all.filter(({ rule }) => project === undefined || rule.project === project);
    return ours.filter(({ matches }) => matches(arrival.event)).map(({ rule }) => rule);
  };
}

async function readied(rules: Pick<EventRules, 'all'>, workspace: string) {
  return (await rules.all(workspace)).map((rule) => ({ rule, matches: matcherOf(rule) }));
}

/** All that a rule says of its events. Throws `PatternRefused` for what cannot be used. */
export function matcherOf({ source, detailType, pattern }: Pick<EventRule, 'source' | 'detailType' | 'pattern'>): Matches {
  const said = {
    ...(source !== undefined && { source: [source] }),
    ...(detailType !== undefined && { 'detail-type': [detailType] }),
  };
  const parts = [...(Object.keys(said).length > 0 ? [said] : []), ...(pattern === undefined ? [] : [parseJson(pattern)])];
  const all = parts.map(eventPattern);
  return (event) => all.every((matches) => matches(event));
}
