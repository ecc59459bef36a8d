import type { Template } from '../expression/template.ts';
import type { OnError, Step } from '../step/kind.ts';

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
  connections: string[];
  /** What happens to steps that have failed for good and do not say themselves. */
  onError?: OnError | 'fail' | undefined;
  steps: Step[];
  output?: Record<string, Template> | undefined;
}
