import { call } from '../api/call.ts';
import { tellProblem } from './told.tsx';

/** What the API shows of a value that is too large to be shown. */
export interface Cut {
  bytes: number;
  start: string;
  whole: { run: string; name: 'inputs' | 'outputs'; step: string | undefined } | undefined;
}

const WHOLE = /^\/v1\/runs\/([0-9A-Z]{26})\/values\/(inputs|outputs)(?:\?step=([^&]+))?$/;
const isSize = (bytes: unknown): bytes is number => typeof bytes === 'number';

/** A value that stands for a larger one. Steps may give what looks like it: it leads to values of runs and nowhere else. */
export function cutIn(value: Record<string, unknown>): Cut | undefined {
  const { truncated, bytes, start, whole } = value;
  if (truncated !== true || !isSize(bytes)) return undefined;
  const [, run, name, step] = WHOLE.exec(String(whole)) ?? [];
  return {
    bytes,
    start: typeof start === 'string' ? start : '',
    whole:
      run && (name === 'inputs' || name === 'outputs')
        ? { run, name, step: step === undefined ? undefined : decodeURIComponent(step) }
        : undefined,
  };
}

const sizeOf = (bytes: number) =>
  bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;

/** Its beginning, and the way to all of it: in a tab of its own, where the browser finds words in it. */
export function CutValue({ cut: { bytes, start, whole } }: { cut: Cut }) {
  const open = async ({ run, name, step }: NonNullable<Cut['whole']>) => {
    try {
      const { url } = await call('getRunValue', { params: { run_id: run, name }, query: step === undefined ? {} : { step } });
      const link = document.createElement('a');
      Object.assign(link, { href: url, target: '_blank', rel: 'noreferrer' });
      link.click();
    } catch (error) {
      tellProblem(error);
    }
  };
  return (
    <span className="json-cut">
      {start}
      {start && '… '}
      {whole ? (
        <button type="button" className="link" onClick={() => void open(whole)}>
          Open all {sizeOf(bytes)} of it
        </button>
      ) : (
        <span className="faint">{sizeOf(bytes)}</span>
      )}
    </span>
  );
}
