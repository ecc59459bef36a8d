import type { Run } from '../run/model/run.ts';
import type { RunVerb, VerbName } from './job.ts';
import type { Verb } from './verb.ts';
import { addTests } from './verbs/add-tests.ts';
import { answer } from './verbs/answer.ts';
import { pause, resume, stop } from './verbs/control.ts';
import { deletion } from './verbs/delete.ts';
import { archive, label, unarchive, unlabel } from './verbs/mark.ts';
import { redelivery } from './verbs/redeliver.ts';
import { rerun } from './verbs/rerun.ts';

/** What a job can do with runs: a new verb is a file and a line. */
export const runVerbs: Record<RunVerb, Verb<Run>> = {
  rerun,
  stop,
  pause,
  resume,
  archive,
  unarchive,
  label,
  unlabel,
  add_test: addTests,
  delete: deletion,
};

export const verbs: Record<VerbName, Verb> = { ...runVerbs, redeliver: redelivery, answer };
