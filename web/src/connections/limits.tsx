import forms from 'virtual:forms';
import { Link } from '@tanstack/react-router';
import { type BodyOf, call, type Result } from '../api/call.ts';
import { FormDialog, valuesOf } from '../kit/form-dialog.tsx';
import { Time } from '../kit/time.tsx';
import { told } from '../kit/told.tsx';

type Detail = Result<'getConnection'>;

/** How much may be asked of the other side, in words. */
export function limitsSaid({ limits }: Pick<Detail, 'limits'>): string {
  const { rate, concurrency, breaker } = limits ?? {};
  const { failures, pause } = breaker ?? {};
  return [
    rate && `${rate.count.toLocaleString('en')} calls in ${rate.per}`,
    concurrency !== undefined && `${concurrency} at once`,
    failures === 0 && 'called however often it fails',
    Boolean(failures) && `out of order after ${failures} failures in a row`,
    pause !== undefined && failures !== 0 && `then tried every ${pause}`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** Whether the other side is called, and what is known of it. */
export function Circuit({ of: { circuit } }: { of: Detail }) {
  if (circuit.state === 'closed')
    return circuit.failures === 0 ? (
      <>It is called as often as its limits allow.</>
    ) : (
      <>
        It is called; the last {circuit.failures === 1 ? 'call has' : `${circuit.failures} calls have`} found the other side out
        of order.
      </>
    );
  return (
    <>
      <span className="pill bad">open</span>{' '}
      {circuit.opened_at && (
        <>
          Not called since <Time at={circuit.opened_at} exact />
          {circuit.reason && `: ${circuit.reason}`}.{' '}
        </>
      )}
      {circuit.try_at && (
        <>
          One call is let through <Time at={circuit.try_at} />.{' '}
        </>
      )}
      Runs that met it ask in the{' '}
      <Link to="/inbox" search={{ kind: 'exception' }}>
        inbox
      </Link>
      ; <q>retry</q> there closes it.
    </>
  );
}

/** Sets all of its limits; with nothing filled in there are none. */
export const ChangeLimits = ({ of, onDone, onClose }: { of: Detail; onDone: () => unknown; onClose: () => void }) => (
  <FormDialog
    title={`Limits of ${of.name}`}
    verb="Save"
    schema={forms.limits}
    values={valuesOf(forms.limits, of.limits ?? {})}
    save={async (values, reason) => {
      const limits = Object.keys(values).length > 0 ? (values as NonNullable<BodyOf<'changeConnection'>['limits']>) : null;
      await call('changeConnection', { params: { connection_id: of.id }, body: { limits }, ...(reason && { reason }) });
      await onDone();
      told('Saved: it holds for all runs of all workflows that use it.');
    }}
    onClose={onClose}
  >
    <p className="muted">What meets a limit waits for its turn, and fails for nothing.</p>
  </FormDialog>
);
