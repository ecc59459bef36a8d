/** What CloudFormation asks for, and what is active in the account and region by now. */
export interface Activation {
  request: 'Create' | 'Update' | 'Delete';
  ruleSet: string;
  active: string | undefined;
  /** What was active before ours, as far as it is known. */
  before: string | undefined;
  /** Whether the owner lets ours take the place of another one. */
  mayReplace: boolean;
}

/** What to do with the active rule set. An account has one in a region, and it may be that of another system. */
export type ActivationStep =
  | { kind: 'leave' }
  | { kind: 'activate' }
  | { kind: 'give-back'; ruleSet: string | undefined }
  | { kind: 'refuse'; reason: string };

export function activationStep({ request, ruleSet, active, before, mayReplace }: Activation): ActivationStep {
  const isOurs = active === ruleSet;
  if (request === 'Delete') return isOurs ? { kind: 'give-back', ruleSet: before } : { kind: 'leave' };
  if (isOurs) return { kind: 'leave' };
  if (active === undefined) return { kind: 'activate' };
  // Somebody has activated it since, by hand. Neither an update nor its rollback may undo that: the id that remembers was given at the creation.
  if (request === 'Update') return { kind: 'leave' };
  if (mayReplace) return { kind: 'activate' };
  const reason =
    `The receipt rule set "${active}" is active in this region, and an account has one active set: activating "${ruleSet}" would stop its mail. ` +
    `Add the rule of "${ruleSet}" to it and deploy with mailActive=false, or, when you can do without it, with mailReplaceActive=true.`;
  return { kind: 'refuse', reason };
}

const SEPARATOR = '/before/';

/** The id under which CloudFormation knows the activation. It remembers what was active before; names of rule sets have no slash. */
export const activationId = (ruleSet: string, active: string | undefined) =>
  `active-rule-set-${ruleSet}${active === undefined || active === ruleSet ? '' : SEPARATOR + active}`;

export const activeBefore = (id: string): string | undefined => id.split(SEPARATOR)[1];
