import * as z from 'zod';

/** How many labels a run has at most. */
export const LABELS = 20;

/** A key of letters, digits, `_`, `.` and `-`, and a value in which there is no comma: several of them stand in one query. */
const LABEL = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}:[^,\u0000-\u001f\u007f]{1,100}$/;

export const label = z
  .string()
  .regex(
    LABEL,
    'must be key:value, the key of 1 to 40 letters, digits, _, . and -, the value of 1 to 100 characters without a comma',
  );

/** Labels as a run has them: each once. */
export const labels = z
  .array(label)
  .max(LABELS, `must have ${LABELS} labels at most`)
  .transform((all) => [...new Set(all)]);
