import * as z from 'zod';
import { operation } from '../../edge/route.ts';
import { resourceId } from '../../edge/schema.ts';
import { mailboxChange, mailboxResource, mailboxSettings } from './mailbox.http.ts';

const at = { tag: 'mail', entry: 'api/mailboxes' } as const;
const params = z.object({ workflow_id: resourceId });

export const mail = {
  putMailbox: operation({
    ...at,
    method: 'PUT',
    path: '/v1/workflows/{workflow_id}/mailbox',
    summary: 'Give a workflow a mail address with these settings; what is not said becomes the default',
    act: 'mailbox.save',
    role: 'editor',
    params,
    body: mailboxSettings,
    responses: { 200: mailboxResource },
  }),
  changeMailbox: operation({
    ...at,
    method: 'PATCH',
    path: '/v1/workflows/{workflow_id}/mailbox',
    summary: 'Change what is said of a mailbox, and nothing else',
    act: 'mailbox.change',
    role: 'editor',
    params,
    body: mailboxChange,
    responses: { 200: mailboxResource },
  }),
  getMailbox: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/mailbox',
    summary: 'The mailbox of a workflow',
    params,
    responses: { 200: mailboxResource },
    // Without a mail domain there is none.
    refuses: [409],
  }),
  rotateMailbox: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/mailbox/rotate',
    summary: 'Another address; the old one turns mail away and says so for 30 days',
    act: 'mailbox.rotate',
    role: 'editor',
    params,
    responses: { 200: mailboxResource },
  }),
};
