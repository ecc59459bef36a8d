import * as z from 'zod';
import { failure } from './model/entry.ts';

/** What one attempt of a step came to. */
export const recordedAnswer = z.union([z.strictObject({ error: failure }), z.strictObject({ output: z.unknown() })]);
export type RecordedAnswer = z.infer<typeof recordedAnswer>;

/** What a run heard from outside. */
export const recording = z.object({
  /** By step key, an answer for each attempt. */
  answers: z.record(z.string(), z.array(recordedAnswer)),
  /** By step id, the `output` that made of a full answer what is recorded. */
  made: z.record(z.string(), z.unknown()),
});
export type Recording = z.infer<typeof recording>;

export interface Recordings {
  /** Of the run that a test case was made of. */
  recordingOf(testId: string): Promise<Recording | undefined>;
}
