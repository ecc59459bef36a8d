import type { Template } from '../expression/template.ts';
import type { OnError, Step } from '../step/kind.ts';

/** What becomes of a run for which there is no room: it waits, it is recorded as skipped, or the oldest makes way. */
export const WHEN_FULL = ['queue', 'skip', 'cancelRunning'] as const;
export type WhenFull = (typeof WHEN_FULL)[number];

/** How many runs of a workflow, or of each key, go on at once. */
export interface Concurrency {
  limit: number;
  key?: Template | undefined;
  whenFull: WhenFull;
}

/** A checked workflow document. */
export interface Document {
  format: 1;
  name: string;
  title?: string | undefined;
  description?: string | undefined;
  /** JSON Schema 2020-12 of the run's input. */
  input?: Record<string, unknown> | boolean | undefined;
  reference?: Template | undefined;
  runIf?: Template | undefined;
  /** Duration text or an expression in seconds. */
  timeout?: string | undefined;
  concurrency?: Concurrency | undefined;
  connections: string[];
  /** What happens to steps that have failed for good and do not say themselves. */
  onError?: OnError | 'fail' | undefined;
  steps: Step[];
  output?: Record<string, Template> | undefined;
}
