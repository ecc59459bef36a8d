import { maskedInputs } from '../../expression/input-secrets.ts';
import { parseJson } from '../../kernel/json.ts';
import { type Mask, maskOf } from '../../kernel/mask.ts';
import type { Run } from '../model/run.ts';
import type { Stored } from '../model/stored.ts';
import type { EngineServices } from '../ports.ts';
import { cutUnread, cutValue } from './cut-value.ts';
import { secretsOfRun } from './masked.ts';

type Reader = Pick<EngineServices, 'values' | 'definitions'>;
type ValueName = 'inputs' | 'outputs';

/** Where the API links to the whole of a value: of the run, or of the step under that key. */
export const wholeOf = (runId: string, name: ValueName, stepKey?: string) =>
  `/v1/runs/${runId}/values/${name}${stepKey === undefined ? '' : `?step=${encodeURIComponent(stepKey)}`}`;

/** The values of a run as people may see them: without its secrets. */
export class ShownValues {
  readonly #reader: Reader;
  readonly #run: Run;
  readonly #mask: Mask;

  private constructor(reader: Reader, run: Run, mask: Mask) {
    this.#reader = reader;
    this.#run = run;
    this.#mask = mask;
  }

  static async of(reader: Reader, run: Run): Promise<ShownValues> {
    return new ShownValues(reader, run, maskOf(await secretsOfRun(reader, run)));
  }

  async inputs(): Promise<unknown> {
    const { definitions, values } = this.#reader;
    const { document } = await definitions.planOf(this.#run.workflowId, this.#run.definition);
    return this.#mask.value(maskedInputs(document.input, await values.read(this.#run.inputs)));
  }

  async outputs(): Promise<unknown> {
    return this.#run.outputs ? this.whole(this.#run.outputs) : null;
  }

  async whole(value: Stored): Promise<unknown> {
    return this.#mask.value(await this.#reader.values.read(value));
  }

  /** The start of a value. One that does not lie in its row is not read for it. */
  glimpse(value: Stored, limitBytes: number, whole: string): unknown {
    return 'ref' in value ? cutUnread(value, whole) : cutValue(this.#mask.value(parseJson(value.json)), limitBytes, whole);
  }
}
