import {
  DescribeActiveReceiptRuleSetCommand,
  RuleSetDoesNotExistException,
  SESClient,
  SetActiveReceiptRuleSetCommand,
} from '@aws-sdk/client-ses';
import middy from '@middy/core';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import * as z from 'zod';
import { asCustomResource } from '../../shared/aws/custom-resource.ts';
import { observed } from '../../shared/aws/observe.ts';
import { activationId, activationStep, activeBefore } from '../../shared/trigger/email/active-rule-set.ts';

const properties = z.object({ RuleSet: z.string(), MayReplace: z.stringbool().default(false) });

/** Makes the receipt rule set the active one of the account, and gives back what was active before when it goes, unless the account has another by then. */
export async function activateRuleSet(event: CloudFormationCustomResourceEvent): Promise<void> {
  const ruleSet = String(event.ResourceProperties['RuleSet']);
  await asCustomResource(event, activationId(ruleSet, undefined), () => activate(event));
}

/** Answers the id that remembers what was active. */
async function activate(event: CloudFormationCustomResourceEvent): Promise<string> {
  const { RuleSet: ruleSet, MayReplace: mayReplace } = properties.parse(event.ResourceProperties);
  const ses = new SESClient({});
  const active = (await ses.send(new DescribeActiveReceiptRuleSetCommand({}))).Metadata?.Name;
  // Its id does not change: with another one it would be another resource, and CloudFormation would delete the one it knows.
  const id = event.RequestType === 'Create' ? activationId(ruleSet, active) : event.PhysicalResourceId;
  const step = activationStep({ request: event.RequestType, ruleSet, active, before: activeBefore(id), mayReplace });
  if (step.kind === 'refuse') throw new Error(step.reason);
  if (step.kind === 'activate') await setActive(ses, ruleSet);
  if (step.kind === 'give-back') await giveBack(ses, step.ruleSet);
  return id;
}

const setActive = (ses: SESClient, RuleSetName: string | undefined) =>
  ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName }));

/** A set that is gone by now leaves none active. */
async function giveBack(ses: SESClient, ruleSet: string | undefined): Promise<void> {
  try {
    await setActive(ses, ruleSet);
  } catch (error) {
    if (!(error instanceof RuleSetDoesNotExistException)) throw error;
    await setActive(ses, undefined);
  }
}

export const handler = middy(activateRuleSet).use(observed());
