import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { isMap } from '../../../shared/kernel/is-map.ts';
import { call, type Result } from '../api/call.ts';
import {
  definitionQuery,
  outlineQuery,
  type Run,
  runsChanged,
  type StepState,
  versionQuery,
  workflowQuery,
} from '../api/queries.ts';
import { Field } from '../kit/controls.tsx';
import { ActDialog, STAY } from '../kit/dialog.tsx';
import { InputForm, type InputView, objectIn, whyNotSent } from '../kit/input-form.tsx';
import { told } from '../kit/told.tsx';
import { type Stale, type StaleChoice, StaleResults, staleIn } from './stale-results.tsx';

export type RerunFrom = 'start' | 'failed' | 'step';

interface Props {
  run: Run;
  states: readonly StepState[];
  from: RerunFrom;
  /** The newest version is proposed. */
  newest: boolean;
  onClose: () => void;
}

const isCut = (value: unknown): boolean =>
  isMap(value) &&
  (value['truncated'] === true || Object.values(value).some((inner) => isMap(inner) && inner['truncated'] === true));

/** The steps that have ended well, and those that will be executed. */
function foreseen(run: Run, states: readonly StepState[], from: string) {
  const top = states.filter(({ scope }) => scope === '');
  const at = from === 'start' ? 0 : from === 'failed' ? -1 : top.findIndex(({ step }) => step === from);
  const again = top.filter((state, index) =>
    at === -1 ? state.status !== 'succeeded' && state.reason !== 'condition' : index >= at,
  );
  return { again, kept: top.filter((state) => !again.includes(state) && state.status === 'succeeded'), total: run.steps.total };
}

/** What the definition asks for that the rerun is to follow: that of the run, or a version. */
function useInputSchema(run: Run, version: number | undefined) {
  const definition = useQuery(definitionQuery(run.id, version === undefined ? run.definition : undefined));
  const published = useQuery(versionQuery(run.workflow_id, version));
  const source = version === undefined ? definition.data?.source : published.data?.source;
  // The form of before stays until the other is known.
  const outline = useQuery({ ...outlineQuery(source), placeholderData: keepPreviousData });
  return { data: outline.data?.plan?.input, isPending: outline.isPending && !definition.isError && !published.isError };
}

/** Says what is repeated and what is taken over, takes another input or version, and goes on. */
export function RecoverDialog({ run, states, from, newest: proposed, onClose }: Props) {
  const navigate = useNavigate();
  const { data: workflow } = useQuery(workflowQuery(run.workflow_id));
  const original = useMemo(() => JSON.stringify(run.inputs, null, 2), [run.inputs]);
  const [text, setText] = useState(original);
  const [view, setView] = useState<InputView>('form');
  const [refused, setRefused] = useState<unknown>();
  const [step, setStep] = useState(() => states.find(({ status }) => status === 'failed')?.step ?? states[0]?.step ?? '');
  const [version, setVersion] = useState<'original' | 'latest'>(proposed ? 'latest' : 'original');
  const [confirm, setConfirm] = useState(false);
  const [stale, setStale] = useState<readonly Stale[]>([]);
  const [choice, setChoice] = useState<StaleChoice>();
  const place = from === 'step' ? step : from;
  const { again, kept } = foreseen(run, states, place);
  const cut = isCut(run.inputs);
  const isChanged = text !== original;
  const newest = workflow?.published_version ?? null;
  const schema = useInputSchema(run, version === 'latest' && newest !== null ? newest : undefined);
  /** Another rerun is meant: what was said of the one before counts no more. */
  const anew = () => {
    setStale([]);
    setChoice(undefined);
  };
  const act = async () => {
    const body = {
      from: typeof choice === 'object' ? choice.from : place,
      version,
      confirm_repeat: confirm,
      accept_changes: choice === 'take',
      ...(isChanged && { inputs: objectIn(text) }),
    };
    try {
      const rerun: Result<'rerunRun'> = await call('rerunRun', {
        params: { run_id: run.id },
        body,
        idempotencyKey: `console-${run.id}-${crypto.randomUUID()}`,
      });
      await runsChanged(run.id);
      told(rerun.warnings[0] ?? 'It goes on as a new run.');
      return await navigate({ to: '/runs/$runId', params: { runId: rerun.id } });
    } catch (thrown) {
      setRefused(thrown);
      const found = staleIn(thrown);
      if (found.length === 0) throw thrown;
      anew();
      setStale(found);
      return STAY;
    }
  };
  const names = (list: readonly StepState[]) => list.map((one) => one.step).join(', ');
  return (
    <ActDialog
      title={
        from === 'failed'
          ? `Recover from ${run.error?.step ?? 'where it failed'}`
          : from === 'start'
            ? 'Run again from the start'
            : 'Run again from a step'
      }
      verb={from === 'failed' ? 'Recover' : 'Run again'}
      size="lg"
      opened
      onClose={onClose}
      because={
        (isChanged ? whyNotSent(text) : undefined) ??
        (stale.length > 0 && !choice ? 'Say what becomes of the results from before.' : undefined)
      }
      act={act}
    >
      {from === 'step' && (
        <Field label="From">
          {(id) => (
            <select
              id={id}
              className="select"
              value={step}
              onChange={(event) => {
                setStep(event.target.value);
                anew();
              }}
            >
              {states
                .filter(({ scope }) => scope === '')
                .map((one) => (
                  <option key={one.key} value={one.step}>
                    {one.title ? `${one.title} (${one.step})` : one.step}
                  </option>
                ))}
            </select>
          )}
        </Field>
      )}
      <dl className="facts">
        <dt>Executed</dt>
        <dd>{again.length > 0 ? names(again) : 'every step'}</dd>
        {kept.length > 0 && (
          <>
            <dt>Taken over</dt>
            <dd>{names(kept)}, with what they gave</dd>
          </>
        )}
      </dl>
      <InputForm
        label="Input"
        hint={cut ? 'It is too large to be changed here: it is taken as it was.' : 'As it was, unless you change it.'}
        schema={schema.data}
        text={text}
        onText={(next) => {
          setText(next);
          anew();
        }}
        view={view}
        onView={setView}
        isFixed={cut || schema.isPending}
        isFirst
        error={refused}
        place="inputs"
      />
      {newest !== null && newest !== run.version && (
        <Field label="Version">
          {(id) => (
            <select
              id={id}
              className="select"
              value={version}
              onChange={(event) => {
                setVersion(event.target.value === 'latest' ? 'latest' : 'original');
                anew();
              }}
            >
              <option value="original">
                {run.version === null ? 'The draft that it followed' : `v${run.version}, as before`}
              </option>
              <option value="latest">v{newest}, the newest</option>
            </select>
          )}
        </Field>
      )}
      {stale.length > 0 && (
        <StaleResults stale={stale} order={states.map((one) => one.step)} choice={choice} onChoice={setChoice} />
      )}
      <label className="check">
        <input type="checkbox" checked={confirm} onChange={(event) => setConfirm(event.target.checked)} />
        <span>
          Steps that say <code>repeatable: false</code> may be executed a second time
        </span>
      </label>
    </ActDialog>
  );
}
