import type { Actor } from '../../kernel/actor.ts';
import { PatternRefused } from '../../kernel/event-pattern.ts';
import { Problem } from '../../kernel/problem.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { changedTrigger, newTrigger } from '../expression/trigger.ts';
import { checkExpressions } from '../expression/trigger-expressions.ts';
import { EVENT, type EventRule, type EventRules, eventRule } from './event-rule.ts';
import { matcherOf } from './rules-for.ts';

export interface EventRuleServices {
  rules: EventRules;
  now: () => Date;
}

/** What its owner says of a rule. */
type Said = 'source' | 'detailType' | 'pattern' | 'mapping' | 'if';
export type EventRuleChoices = Pick<EventRule, 'name' | 'enabled' | Said>;

/** What changes; null takes away what was said. */
export type EventRuleChange = Partial<Pick<EventRule, 'name' | 'enabled'>> & { [Name in Said]?: string | null };

/** Each event is held against each rule of its workspace. */
const MOST = 100;
/** As EventBridge has it. */
const MOST_PATTERN_BYTES = 4096;

export async function createEventRule(
  { rules, now }: EventRuleServices,
  { workflow, actor }: { workflow: Workflow; actor: Actor },
  choices: EventRuleChoices,
): Promise<EventRule> {
  check(choices);
  if ((await rules.all(workflow.workspace)).length >= MOST)
    throw new Problem('conflict', `The workspace has ${MOST} event rules, which is as many as there can be. Delete one first.`);
  const rule = newTrigger(choices, { workflow, actor }, now());
  await rules.create(rule);
  return rule;
}

export async function changeEventRule(
  { rules, now }: EventRuleServices,
  seen: EventRule,
  change: EventRuleChange,
): Promise<EventRule> {
  const next = changedTrigger(eventRule, seen, change, now());
  check(next);
  if (await rules.replace(seen, next)) return next;
  throw new Problem('conflict', `Event rule "${seen.name}" has been changed by somebody else meanwhile. Read it again.`);
}

/** Refuses by name what cannot be used, and a rule that would hear of everything. */
function check(choices: Partial<Pick<EventRule, Said>>): void {
  const { source, detailType, pattern } = choices;
  if (source === undefined && detailType === undefined && pattern === undefined)
    throw new Problem('invalid', 'Say which events: with source, detail_type or pattern.', [
      { name: 'source', value: 'nothing says which events' },
    ]);
  if (pattern !== undefined && Buffer.byteLength(pattern) > MOST_PATTERN_BYTES)
    throw refused(`it has more than ${MOST_PATTERN_BYTES} bytes`);
  try {
    matcherOf(choices);
  } catch (error) {
    throw error instanceof PatternRefused ? refused(error.message) : error;
  }
  checkExpressions(choices, EVENT);
}

const refused = (why: string) =>
  new Problem('invalid', `The pattern cannot be used: ${why}.`, [{ name: 'pattern', value: why.slice(0, 200) }]);
