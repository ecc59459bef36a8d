import * as z from 'zod';
import { operation } from '../../edge/route.ts';
import { resourceId } from '../../edge/schema.ts';
import { viewOf } from '../../edge/snake-case.ts';
import type { Canary } from './canary.ts';

const canaryResource = z
  .object({
    id: z.string(),
    address: z.string(),
    workflow_id: resourceId,
    run_id: resourceId.nullable().meta({ description: 'null: the mail has not arrived in time' }),
    seconds: z.number().nullable().meta({ description: 'From sending to the start of the run' }),
  })
  .meta({ id: 'MailCanary' });

export const canaryView = (canary: Canary) => viewOf(canaryResource, canary);

export const canary = {
  sendCanary: operation({
    tag: 'mail',
    entry: 'api/mail-canary',
    method: 'POST',
    path: '/v1/mail/canary',
    summary: 'Send a mail through the whole path to a built-in workflow',
    act: 'mailbox.try',
    role: 'admin',
    responses: { 200: canaryResource, 504: canaryResource },
  }),
};
