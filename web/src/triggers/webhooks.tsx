import forms from 'virtual:forms';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type BodyOf, call, type Result } from '../api/call.ts';
import type { Workflow } from '../api/queries.ts';
import { Button, Copy, Field, Loading, Problem } from '../kit/controls.tsx';
import { Dialog, DoneFoot, ReasonDialog } from '../kit/dialog.tsx';
import { changeOf, FormDialog, valuesOf } from '../kit/form-dialog.tsx';
import { Panel } from '../kit/panel.tsx';
import { defaultsOf } from '../kit/schema.ts';
import { Time } from '../kit/time.tsx';
import { tellProblem, told } from '../kit/told.tsx';
import { More } from './more.tsx';
import { triggersChanged, type Webhook, webhooksQuery } from './queries.ts';

type Revealed = Result<'createWebhook'>;
type Asked = { act: 'new' } | { act: 'change' | 'rotate' | 'delete'; webhook: Webhook } | { act: 'shown'; revealed: Revealed };

/** What foreign systems start. */
export function Webhooks({ workflow }: { workflow: Workflow }) {
  const webhooks = useQuery(webhooksQuery(workflow.id));
  const [asked, setAsked] = useState<Asked>();
  const items = webhooks.data?.items ?? [];
  const paramsOf = ({ id }: Webhook) => ({ workflow_id: workflow.id, webhook_id: id });
  const again = () => triggersChanged(workflow.id);
  const closed = () => setAsked(undefined);
  const reveal = async (revealed: Revealed) => {
    await again();
    // The dialog that asked closes itself first.
    setTimeout(() => setAsked({ act: 'shown', revealed }), 0);
  };
  const turn = (webhook: Webhook) =>
    call('changeWebhook', { params: paramsOf(webhook), body: { enabled: !webhook.enabled } }).then(() => {
      told(webhook.enabled ? 'Paused: requests are turned away, and kept for a redelivery.' : 'It takes requests again.');
      return again();
    }, tellProblem);
  return (
    <Panel
      title="Webhooks"
      note={items.length > 0 && items.length}
      actions={
        <Button icon="plus" onClick={() => setAsked({ act: 'new' })}>
          New webhook
        </Button>
      }
    >
      {webhooks.isPending && <Loading rows={2} />}
      {webhooks.isError && <Problem error={webhooks.error} />}
      {webhooks.isSuccess && items.length === 0 && (
        <p className="panel-body muted">
          None. A webhook gives a foreign system a URL, and verifies what comes there by its signature.
        </p>
      )}
      {items.length > 0 && (
        <ul className="trigger-list">
          {items.map((webhook) => (
            <li key={webhook.id}>
              <div className="row wrap">
                <b>{webhook.name}</b>
                <span className="muted">{webhook.scheme}</span>
                {webhook.enabled ? <span className="pill good">on</span> : <span className="pill">paused</span>}
                {webhook.warning && (
                  <span className="pill warn" title={webhook.warning}>
                    not signed
                  </span>
                )}
                <span className="grow" />
                <Button onClick={() => void turn(webhook)}>{webhook.enabled ? 'Pause' : 'Resume'}</Button>
                <Button icon="refresh" onClick={() => setAsked({ act: 'rotate', webhook })}>
                  Rotate
                </Button>
                <More
                  name={webhook.name}
                  change={() => setAsked({ act: 'change', webhook })}
                  remove={() => setAsked({ act: 'delete', webhook })}
                />
              </div>
              {webhook.url ? (
                <p className="row">
                  <code className="cut">{webhook.url}</code>
                  <Copy text={webhook.url} label="Copy the URL" />
                </p>
              ) : (
                <p className="muted">Its URL is the secret, and was shown once. Rotate it for another.</p>
              )}
              <p className="muted">
                Secret of <Time at={webhook.secrets[0]?.created_at ?? webhook.created_at} />
                {webhook.secrets[1]?.valid_until && (
                  <>
                    ; the one before is valid until <Time at={webhook.secrets[1].valid_until} exact />
                  </>
                )}
              </p>
            </li>
          ))}
        </ul>
      )}
      {asked?.act === 'new' && (
        <FormDialog
          title="New webhook"
          verb="Create"
          schema={forms.webhook}
          values={defaultsOf(forms.webhook)}
          onClose={closed}
          save={(values, reason) =>
            call('createWebhook', {
              params: { workflow_id: workflow.id },
              body: values as BodyOf<'createWebhook'>,
              ...(reason && { reason }),
            }).then(reveal)
          }
        />
      )}
      {asked?.act === 'change' && (
        <FormDialog
          title={`Settings of ${asked.webhook.name}`}
          verb="Save"
          schema={forms.webhookChange}
          values={valuesOf(forms.webhookChange, asked.webhook)}
          onClose={closed}
          save={(values, reason) =>
            call('changeWebhook', {
              params: paramsOf(asked.webhook),
              body: changeOf(
                forms.webhookChange,
                valuesOf(forms.webhookChange, asked.webhook),
                values,
              ) as BodyOf<'changeWebhook'>,
              ...(reason && { reason }),
            }).then(again)
          }
        />
      )}
      {asked?.act === 'rotate' && <Rotate webhook={asked.webhook} onClose={closed} onDone={reveal} />}
      {asked?.act === 'delete' && (
        <ReasonDialog
          title={`Delete ${asked.webhook.name}`}
          verb="Delete"
          danger
          opened
          onClose={closed}
          act={(reason) => call('deleteWebhook', { params: paramsOf(asked.webhook), ...(reason && { reason }) }).then(again)}
        >
          <p>Its URL answers 404 from then on. What has arrived stays readable under Deliveries.</p>
        </ReasonDialog>
      )}
      {asked?.act === 'shown' && <Shown revealed={asked.revealed} onClose={closed} />}
    </Panel>
  );
}

interface RotateProps {
  webhook: Webhook;
  onClose: () => void;
  onDone: (revealed: Revealed) => Promise<void>;
}

function Rotate({ webhook, onClose, onDone }: RotateProps) {
  const [hours, setHours] = useState('24');
  return (
    <ReasonDialog
      title={`Another secret for ${webhook.name}`}
      verb="Make another"
      opened
      onClose={onClose}
      act={(reason) =>
        call('rotateWebhook', {
          params: { workflow_id: webhook.workflow_id, webhook_id: webhook.id },
          body: { keep_hours: Number(hours) },
          ...(reason && { reason }),
        }).then(onDone)
      }
    >
      <Field label="The one before stays valid, in hours" hint="0 for not at all, 720 at most.">
        {(id) => (
          <input id={id} className="input" inputMode="numeric" value={hours} onChange={(event) => setHours(event.target.value)} />
        )}
      </Field>
    </ReasonDialog>
  );
}

/** The secret, this once, and a request to try it with. */
const Shown = ({ revealed, onClose }: { revealed: Revealed; onClose: () => void }) => (
  <Dialog title={`${revealed.name} is ready`} opened onClose={onClose} size="lg">
    <div className="act">
      <dl className="facts">
        <dt>URL</dt>
        <dd>
          <code>{revealed.url}</code> <Copy text={revealed.url} label="Copy the URL" />
        </dd>
        {revealed.secret && (
          <>
            <dt>Secret</dt>
            <dd>
              <code>{revealed.secret}</code> <Copy text={revealed.secret} label="Copy the secret" />
              <span className="field-hint block">Shown this once.</span>
            </dd>
          </>
        )}
      </dl>
      <div>
        <div className="json-head">
          <h3>Try it: a signed request{revealed.curl_valid_until ? ', good for a few minutes' : ''}</h3>
          <Copy text={revealed.curl} label="Copy the request" />
        </div>
        <pre className="curl" tabIndex={0}>
          {revealed.curl}
        </pre>
      </div>
      <DoneFoot onDone={onClose} />
    </div>
  </Dialog>
);
