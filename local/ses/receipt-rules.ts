import * as z from 'zod';
import type { Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';
import type { Functions } from '../lambda/functions.ts';

const action = z.strictObject({
  S3Action: z.object({ BucketName: z.string(), ObjectKeyPrefix: z.string().default('') }).optional(),
  LambdaAction: z.object({ FunctionArn: z.string() }).optional(),
});
const declared = z.object({
  RuleSetName: z.string(),
  Rule: z.object({
    Enabled: z.boolean().default(false),
    Recipients: z.array(z.string()).default([]),
    Actions: z.array(action).default([]),
  }),
});
/** What a rule says to a mail server that can still refuse; SES cannot. */
const toServers = z.object({
  'millrun:asks-recipients': z.boolean().default(false),
  'millrun:max-bytes': z.int().default(40 * 1024 * 1024),
});

export interface ReceiptRule {
  recipients: string[];
  buckets: { name: string; prefix: string }[];
  functions: string[];
  /** Its functions say which recipients there are. */
  asks: boolean;
  maxBytes: number;
}

/** The receipt rules of the stack, and which set of them is active. */
export class ReceiptRules {
  readonly #sets = new Map<string, ReceiptRule[]>();
  active: string | undefined;

  constructor(stack: Stack, functions: Functions) {
    for (const { name } of stack.ofType('AWS::SES::ReceiptRuleSet')) this.#sets.set(name, []);
    for (const { logicalId, properties, metadata } of stack.ofType('AWS::SES::ReceiptRule')) {
      const { RuleSetName, Rule } = declared.parse(properties);
      const rules = this.#sets.get(RuleSetName);
      if (!rules) throw new TemplateRefused(`${logicalId} belongs to ${RuleSetName}, which is no rule set of this stack`);
      const { 'millrun:asks-recipients': asks, 'millrun:max-bytes': maxBytes } = toServers.parse(metadata);
      const targets = Rule.Actions.flatMap(({ LambdaAction }) => (LambdaAction ? [LambdaAction.FunctionArn] : []));
      const lost = targets.find((target) => !functions.find(target));
      if (lost !== undefined) throw new TemplateRefused(`${logicalId} calls ${lost}, which is no function of this stack`);
      const buckets = Rule.Actions.flatMap(({ S3Action: to }) =>
        to ? [{ name: to.BucketName, prefix: to.ObjectKeyPrefix }] : [],
      );
      if (Rule.Enabled) rules.push({ recipients: Rule.Recipients, buckets, functions: targets, asks, maxBytes });
    }
  }

  /** Whether mail can be received at all. */
  get declared(): boolean {
    return this.#sets.size > 0;
  }

  has(set: string): boolean {
    return this.#sets.has(set);
  }

  /** The rules of the active set that want mail to an address. A rule without recipients wants all of it. */
  for(address: string): ReceiptRule[] {
    const rules = this.active === undefined ? [] : (this.#sets.get(this.active) ?? []);
    return rules.filter(({ recipients }) => recipients.length === 0 || recipients.some((wanted) => matches(wanted, address)));
  }

  get maxBytes(): number {
    return Math.max(0, ...[...this.#sets.values()].flat().map(({ maxBytes }) => maxBytes));
  }
}

/** An address, a domain, or `.domain` for what is below it. */
function matches(wanted: string, address: string): boolean {
  const given = address.toLowerCase();
  const domain = given.slice(given.lastIndexOf('@') + 1);
  const lower = wanted.toLowerCase();
  return lower.includes('@') ? lower === given : lower.startsWith('.') ? domain.endsWith(lower) : lower === domain;
}
