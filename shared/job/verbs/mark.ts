import * as z from 'zod';
import { archiveRun, labelRun, unarchiveRun } from '../../run/control/change-run.ts';
import { LABELS, labels } from '../../run/model/label.ts';
import { runVerb } from '../verb.ts';

const none = z.object({});
const some = z.object({ labels });

export const archive = runVerb({
  role: 'operator',
  word: 'run.change',
  params: none,
  exclusion: (_, { archived }) => (archived ? 'It is archived already.' : undefined),
  async act(services, run, _, { actor }) {
    await archiveRun(services, run, actor);
    return undefined;
  },
});

export const unarchive = runVerb({
  role: 'operator',
  word: 'run.change',
  params: none,
  exclusion: (_, { archived }) => (archived ? undefined : 'It is not archived.'),
  async act(services, run, _, { actor }) {
    await unarchiveRun(services, run, actor);
    return undefined;
  },
});

export const label = runVerb({
  role: 'operator',
  word: 'run.change',
  params: some,
  exclusion(_, run, { labels: add }) {
    const all = new Set([...run.labels, ...add]);
    if (all.size === run.labels.length) return 'It has these labels already.';
    return all.size > LABELS ? `It would have more than ${LABELS} labels.` : undefined;
  },
  async act(services, run, { labels: add }) {
    await labelRun(services, run, { add });
    return undefined;
  },
});

export const unlabel = runVerb({
  role: 'operator',
  word: 'run.change',
  params: some,
  exclusion: (_, run, { labels: remove }) =>
    run.labels.some((one) => remove.includes(one)) ? undefined : 'It has none of these labels.',
  async act(services, run, { labels: remove }) {
    await labelRun(services, run, { remove });
    return undefined;
  },
});
