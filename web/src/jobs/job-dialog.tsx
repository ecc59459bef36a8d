import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Loading, Problem } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';

/** What a job would come to. */
interface Foreseen<Subject> {
  total: number;
  would: number;
  /** Not all of them could be looked at. */
  exact: boolean;
  sample: readonly Subject[];
  exclusions: readonly { reason: string; count: number }[];
}

interface Props<Subject> {
  title: string;
  verb: string;
  danger?: boolean;
  /** One, and many of them. */
  nouns: readonly [string, string];
  /** Which they are: `that match`. */
  which: ReactNode;
  about: readonly unknown[];
  foresee: (signal: AbortSignal) => Promise<Foreseen<Subject> | undefined>;
  act: (reason: string | undefined) => Promise<unknown>;
  onClose: () => void;
  /** One of the sample, as an item of a list. */
  line: (subject: Subject) => ReactNode;
}

const SHOWN = 5;

/** Says how many a job would touch, some of them, and why others are left alone, before it begins. */
export function JobDialog<Subject>(props: Props<Subject>) {
  const { title, verb, danger = false, nouns, which, about, foresee, act, onClose, line } = props;
  const foreseen = useQuery({
    queryKey: ['job', 'dry', ...about],
    queryFn: async ({ signal }) => (await foresee(signal)) ?? null,
    staleTime: 0,
  });
  const { data } = foreseen;
  const [one, many] = nouns;
  const count = data ? `${data.would.toLocaleString('en')}${data.exact ? '' : '+'} ${data.would === 1 ? one : many}` : '';
  return (
    <ReasonDialog
      title={title}
      verb={data ? `${verb} ${count}` : verb}
      danger={danger}
      because={data ? (data.would === 0 ? 'There is nothing to do.' : undefined) : 'It is being counted.'}
      opened
      onClose={onClose}
      act={act}
    >
      {foreseen.isPending && <Loading rows={3} />}
      {foreseen.isError && <Problem error={foreseen.error} retry={() => void foreseen.refetch()} />}
      {data && (
        <>
          <p>
            <b className="num">{count}</b> of <span className="num">{data.total.toLocaleString('en')}</span> {which}.
          </p>
          <ul className="job-sample">{data.sample.slice(0, SHOWN).map(line)}</ul>
          {data.exclusions.map(({ reason, count: left }) => (
            <p key={reason} className="muted">
              Left alone: {left.toLocaleString('en')}, {reason}
            </p>
          ))}
        </>
      )}
    </ReasonDialog>
  );
}
