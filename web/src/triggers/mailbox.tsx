import forms from 'virtual:forms';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type BodyOf, call } from '../api/call.ts';
import type { Workflow } from '../api/queries.ts';
import { Button, Copy, Loading, Problem } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { FormDialog, valuesOf } from '../kit/form-dialog.tsx';
import { Panel } from '../kit/panel.tsx';
import { defaultsOf } from '../kit/schema.ts';
import { tellProblem, told } from '../kit/told.tsx';
import { type Mailbox, mailboxQuery, triggersChanged } from './queries.ts';

const MEBIBYTE = 1024 * 1024;

/** The mail address of a workflow. */
export function MailboxSection({ workflow }: { workflow: Workflow }) {
  const mailbox = useQuery(mailboxQuery(workflow.id));
  const [asked, setAsked] = useState<'settings' | 'rotate'>();
  const params = { workflow_id: workflow.id };
  const again = () => triggersChanged(workflow.id);
  const one = mailbox.data;
  const turn = (enabled: boolean) =>
    call('changeMailbox', { params, body: { enabled } }).then(() => {
      told(enabled ? 'It takes mail again.' : 'It turns mail away.');
      return again();
    }, tellProblem);
  return (
    <Panel
      title="Mail"
      actions={
        <>
          {one === null && (
            <Button icon="plus" onClick={() => setAsked('settings')}>
              Give it an address
            </Button>
          )}
          {one && (
            <>
              <Button onClick={() => void turn(!one.enabled)}>{one.enabled ? 'Pause' : 'Resume'}</Button>
              <Button icon="edit" onClick={() => setAsked('settings')}>
                Settings
              </Button>
              <Button icon="refresh" onClick={() => setAsked('rotate')}>
                Rotate
              </Button>
            </>
          )}
        </>
      }
    >
      <div className="panel-body">
        {mailbox.isPending && <Loading rows={2} />}
        {mailbox.isError && <Problem error={mailbox.error} />}
        {one === null && (
          <p className="muted">It has no address. A mail to one starts a run, with its text and attachments as input.</p>
        )}
        {one && <Facts mailbox={one} />}
      </div>
      {asked === 'settings' && (
        <FormDialog
          title={one ? 'Settings of the mailbox' : 'Give it an address'}
          verb={one ? 'Save' : 'Make the address'}
          schema={forms.mailbox}
          values={one ? valuesOf(forms.mailbox, one) : defaultsOf(forms.mailbox)}
          onClose={() => setAsked(undefined)}
          save={(values, reason) =>
            call('putMailbox', {
              params,
              body: values as BodyOf<'putMailbox'>,
              ...(reason && { reason }),
            }).then(again)
          }
        />
      )}
      {asked === 'rotate' && one && (
        <ReasonDialog
          title="Another address"
          verb="Replace the address"
          danger
          opened
          onClose={() => setAsked(undefined)}
          act={(reason) => call('rotateMailbox', { params, ...(reason && { reason }) }).then(again)}
        >
          <p>
            <code>{one.address}</code> turns mail away from then on, and says so for 30 days.
          </p>
        </ReasonDialog>
      )}
    </Panel>
  );
}

const Facts = ({ mailbox }: { mailbox: Mailbox }) => (
  <dl className="facts">
    <dt>Address</dt>
    <dd className="row">
      <code className="cut">{mailbox.address}</code>
      <Copy text={mailbox.address} label="Copy the address" />
      {mailbox.enabled ? <span className="pill good">on</span> : <span className="pill">paused</span>}
    </dd>
    <dt>Who may send</dt>
    <dd>
      {mailbox.permission}
      {mailbox.allowed.length > 0 && `, and ${mailbox.allowed.join(', ')}`}
    </dd>
    <dt>Starts</dt>
    <dd>{mailbox.stage === 'Draft' ? 'the draft' : 'the published version'}</dd>
    <dt>Reply</dt>
    <dd>{mailbox.reply}</dd>
    <dt>Largest mail</dt>
    <dd className="num">{(mailbox.max_size / MEBIBYTE).toLocaleString('en', { maximumFractionDigits: 1 })} MiB</dd>
  </dl>
);
