import { useNavigate } from '@tanstack/react-router';
import { type BodyOf, call } from '../api/call.ts';
import { queries } from '../api/queries.ts';
import { JobDialog } from '../jobs/job-dialog.tsx';
import { Time } from '../kit/time.tsx';

/** What narrows the deliveries, as the API takes it. */
export type RejectedFilter = BodyOf<'redeliverDeliveries'>['filter'];

interface Props {
  filter: RejectedFilter;
  /** Which these are, in words. */
  which: string;
  onClose: () => void;
}

/** Gives all that was rejected another chance; says first how many that are. */
export function RedeliverDialog({ filter, which, onClose }: Props) {
  const navigate = useNavigate();
  const foresee = async (signal: AbortSignal) => {
    const foreseen = await call('redeliverDeliveries', { body: { filter, dry_run: true } }, signal);
    return foreseen.object === 'job_dry_run' ? foreseen : undefined;
  };
  const act = async (reason: string | undefined) => {
    const made = await call('redeliverDeliveries', {
      body: { filter, ...(reason && { reason }) },
      idempotencyKey: `console-${crypto.randomUUID()}`,
    });
    await queries.invalidateQueries({ queryKey: ['deliveries'] });
    await navigate({ to: '/jobs', search: made.object === 'job' ? { id: made.id } : {} });
  };
  return (
    <JobDialog
      title="Redeliver what was rejected"
      verb="Redeliver"
      nouns={['delivery', 'deliveries']}
      which={`rejected: ${which}`}
      about={['redeliver', filter]}
      foresee={foresee}
      act={act}
      onClose={onClose}
      line={(delivery) => (
        <li key={delivery.id} className="row">
          <span className="muted num">
            <Time at={delivery.at} />
          </span>
          <span className="cut">{delivery.source}</span>
          <span className="muted cut grow">{delivery.reason}</span>
        </li>
      )}
    />
  );
}
