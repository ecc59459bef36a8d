import type { VerbName } from './job.ts';
import type { Verb } from './verb.ts';
import { addTests } from './verbs/add-tests.ts';
import { pause, resume, stop } from './verbs/control.ts';
import { deletion } from './verbs/delete.ts';
import { archive, label, unarchive, unlabel } from './verbs/mark.ts';
import { rerun } from './verbs/rerun.ts';

/** What a job can do: a new verb is a file and a line. */
export const verbs: Record<VerbName, Verb> = {
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
