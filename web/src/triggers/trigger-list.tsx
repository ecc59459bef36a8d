import { type ReactNode, useState } from 'react';
import { Button, Loading, Problem } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { changeOf, FormDialog, valuesOf } from '../kit/form-dialog.tsx';
import { Panel } from '../kit/panel.tsx';
import { defaultsOf, type Schema, type Values } from '../kit/schema.ts';
import { tellProblem, told } from '../kit/told.tsx';
import { More } from './more.tsx';

interface Trigger {
  id: string;
  name: string;
  enabled: boolean;
}

type Reason = { reason?: string };
type Asked<One> = { act: 'new' } | { act: 'change' | 'delete'; one: One };

interface Props<One> {
  title: string;
  /** What one of them is called. */
  noun: string;
  list: { data: { items: readonly One[] } | undefined; isPending: boolean; error: unknown };
  /** What is said where there is none. */
  none: ReactNode;
  schemas: { asNew: Schema; change: Schema };
  create: (values: Values, reason: Reason) => Promise<unknown>;
  change: (one: One, values: Values, reason: Reason) => Promise<unknown>;
  remove: (one: One, reason: Reason) => Promise<unknown>;
  again: () => Promise<unknown>;
  /** What a person has to know of one. */
  children: (one: One) => ReactNode;
}

/** Triggers of a kind that are made by a form, paused, changed and deleted. */
export function TriggerList<One extends Trigger>(props: Props<One>) {
  const { title, noun, list, none, schemas, create, change, remove, again, children } = props;
  const [asked, setAsked] = useState<Asked<One>>();
  const items = list.data?.items ?? [];
  const closed = () => setAsked(undefined);
  const given = (reason: string | undefined): Reason => (reason ? { reason } : {});
  const turn = (one: One) =>
    change(one, { enabled: !one.enabled }, {}).then(() => {
      told(one.enabled ? 'Paused: what comes is a rejected delivery, and can be redelivered.' : 'It starts runs again.');
      return again();
    }, tellProblem);
  return (
    <Panel
      title={title}
      note={items.length > 0 && items.length}
      actions={
        <Button icon="plus" onClick={() => setAsked({ act: 'new' })}>
          New {noun}
        </Button>
      }
    >
      {list.isPending && <Loading rows={2} />}
      {Boolean(list.error) && <Problem error={list.error} />}
      {list.data && items.length === 0 && <p className="panel-body muted">{none}</p>}
      {items.length > 0 && (
        <ul className="trigger-list">
          {items.map((one) => (
            <li key={one.id}>
              <div className="row wrap">
                <b>{one.name}</b>
                {one.enabled ? <span className="pill good">on</span> : <span className="pill">paused</span>}
                <span className="grow" />
                <Button onClick={() => void turn(one)}>{one.enabled ? 'Pause' : 'Resume'}</Button>
                <More
                  name={one.name}
                  change={() => setAsked({ act: 'change', one })}
                  remove={() => setAsked({ act: 'delete', one })}
                />
              </div>
              {children(one)}
            </li>
          ))}
        </ul>
      )}
      {asked?.act === 'new' && (
        <FormDialog
          title={`New ${noun}`}
          verb="Create"
          schema={schemas.asNew}
          values={defaultsOf(schemas.asNew)}
          onClose={closed}
          save={(values, reason) => create(values, given(reason)).then(again)}
        />
      )}
      {asked?.act === 'change' && (
        <FormDialog
          title={`Settings of ${asked.one.name}`}
          verb="Save"
          schema={schemas.change}
          values={valuesOf(schemas.change, asked.one)}
          onClose={closed}
          save={(values, reason) =>
            change(asked.one, changeOf(schemas.change, valuesOf(schemas.change, asked.one), values), given(reason)).then(again)
          }
        />
      )}
      {asked?.act === 'delete' && (
        <ReasonDialog
          title={`Delete ${asked.one.name}`}
          verb="Delete"
          danger
          opened
          onClose={closed}
          act={(reason) => remove(asked.one, given(reason)).then(again)}
        >
          <p>It starts nothing from then on. What has arrived stays readable under Deliveries.</p>
        </ReasonDialog>
      )}
    </Panel>
  );
}
