import { DescribeActiveReceiptRuleSetCommand, SESClient, SetActiveReceiptRuleSetCommand } from '@aws-sdk/client-ses';
import middy from '@middy/core';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import * as z from 'zod';
import { asCustomResource } from '../../shared/aws/custom-resource.ts';
import { observed } from '../../shared/aws/observe.ts';

const properties = z.object({ RuleSet: z.string() });

/** Makes the receipt rule set the active one of the account, and leaves the account without one when it goes, unless it has another by then. */
async function activateRuleSet(event: CloudFormationCustomResourceEvent): Promise<void> {
  const { RuleSet } = properties.parse(event.ResourceProperties);
  const ses = new SESClient({});
  await asCustomResource(event, `active-rule-set-${RuleSet}`, async () => {
    if (event.RequestType !== 'Delete') {
      await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: RuleSet }));
      return;
    }
    const { Metadata } = await ses.send(new DescribeActiveReceiptRuleSetCommand({}));
    if (Metadata?.Name === RuleSet) await ses.send(new SetActiveReceiptRuleSetCommand({}));
  });
}

export const handler = middy(activateRuleSet).use(observed());
