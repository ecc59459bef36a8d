import { finishedIn, listsOf, type Program, readBy } from './programs.ts';

/** What a workflow should do, said a second time and as plainly as can be: no checkpoints, no machine, one thing after the other. */
export interface Expected {
  status: 'succeeded' | 'failed';
  error: { name: string; step: string } | null;
  last: unknown;
  /** What becomes of every step, by its key. */
  fates: Record<string, string>;
  /** Calls of the stub by the id of the step. */
  calls: Record<string, number>;
}

/** What a wait gives is an instant, which no model knows. */
const WAITED = { until: 'waited' };

/** What a list may read of what is around it. */
interface Around {
  /** In a `repeat`: what the round before gave. */
  last?: unknown;
  /** The type of what a step of the group gave whose failure is taken here. */
  finished?: string | undefined;
}

const typeOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);

/** In each round a step tells in which one it is, and in which one the step was that `$last` is of. */
const atOf = (last: unknown) => (typeOf(last) === 'object' ? ((last as { at?: unknown }).at ?? null) : typeOf(last));

class Failed extends Error {
  readonly step: string;

  constructor(name: string, step: string) {
    super(name);
    this.name = name;
    this.step = step;
  }
}

export function expected(program: Program[]): Expected {
  const model = new Model();
  try {
    model.list(program, '', {});
    const last = model.outputs.get(program.at(-1)?.id ?? '') ?? null;
    return { status: 'succeeded', error: null, last, ...model.seen() };
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    return { status: 'failed', error: { name: error.name, step: error.step }, last: undefined, ...model.seen() };
  }
}

class Model {
  readonly outputs = new Map<string, unknown>();
  readonly #fates = new Map<string, string>();
  readonly #calls = new Map<string, number>();
  /** Steps whose condition was evaluated and false. */
  readonly #evaluated = new Set<string>();

  seen() {
    return { fates: Object.fromEntries(this.#fates), calls: Object.fromEntries(this.#calls) };
  }

  /** The output of the last step that was not skipped. */
  list(steps: Program[], scope: string, around: Around): unknown {
    let last: unknown = null;
    for (const [place, step] of steps.entries()) {
      try {
        const output = this.#step(step, scope, around, readBy(steps, place));
        this.outputs.set(scope + step.id, output);
        if (step.holds !== false) last = output;
      } catch (error) {
        this.#never(steps.slice(place + 1), scope, 'skipped/blocked');
        throw error;
      }
    }
    return last;
  }

  #step(step: Program, scope: string, around: Around, before: Program | undefined): unknown {
    const key = scope + step.id;
    const handler = step.handler?.steps ?? [];
    if (step.holds === false) {
      this.#evaluated.add(key);
      this.#never([step], scope, 'skipped/condition');
      return null;
    }
    try {
      const output = this.#body(step, scope, around, before);
      this.#fates.set(key, 'succeeded');
      this.#never(handler, scope, 'skipped/condition');
      return output;
    } catch (error) {
      this.#fates.set(key, 'failed');
      if (!(error instanceof Failed)) throw error;
      if (step.handler && (step.handler.on === undefined || step.handler.on === error.name))
        return this.list(handler, scope, { ...around, finished: this.#finishedIn(step, scope) });
      this.#never(handler, scope, 'skipped/condition');
      throw error;
    }
  }

  #finishedIn(step: Program, scope: string): string | undefined {
    const finished = finishedIn(step);
    const inner = step.kind === 'parallel' && step.tries > 1 ? `${scope}${step.id}~${step.tries}/` : scope;
    return finished && typeOf(this.outputs.get(inner + finished.id) ?? null);
  }

  #body(step: Program, scope: string, { finished, ...repeats }: Around, before: Program | undefined): unknown {
    switch (step.kind) {
      case 'set':
        return {
          v: step.value,
          before: before === undefined ? null : (this.outputs.get(scope + before.id) ?? null),
          ...('last' in repeats && { at: Number(/.*\[(\d+)\]/.exec(scope)?.[1]), last: atOf(repeats.last) }),
          ...(finished !== undefined && { finished }),
        };
      case 'http':
        return this.#call(step.id, step.fails, step.attempts);
      case 'wait':
        return WAITED;
      case 'raise':
        throw new Failed(step.error, step.id);
      case 'switch': {
        for (const [n, inside] of step.cases.entries()) if (n !== step.takes) this.#never(inside, scope, 'skipped/condition');
        return step.cases[step.takes] ? this.list(step.cases[step.takes] ?? [], scope, repeats) : null;
      }
      case 'parallel':
        return this.#tries(step, scope, repeats);
      case 'forEach':
        return Array.from({ length: step.items }, (_, index) => this.list(step.steps, `${scope}${step.id}[${index}]/`, repeats));
      case 'repeat': {
        let last: unknown = null;
        for (let index = 0; index < Math.min(step.rounds, step.max); index += 1)
          last = this.list(step.steps, `${scope}${step.id}[${index}]/`, { last });
        if (step.rounds > step.max) throw new Failed('LimitReached', step.id);
        return last;
      }
    }
  }

  #tries(step: Program & { kind: 'parallel' }, scope: string, repeats: Around): unknown {
    for (let n = 1; ; n++) {
      const inner = step.tries > 1 ? `${scope}${step.id}~${n}/` : scope;
      const before = new Set(this.#fates.keys());
      try {
        return Object.fromEntries(step.branches.map((inside, branch) => [`b${branch}`, this.list(inside, inner, repeats)]));
      } catch (error) {
        if (n >= step.tries) throw error;
        // Of a try that another one followed only what happened is shown.
        for (const [key, fate] of this.#fates) if (!before.has(key) && !this.#happened(key, fate)) this.#fates.delete(key);
      }
    }
  }

  #happened(key: string, fate: string): boolean {
    return !fate.startsWith('skipped') || this.#evaluated.has(key);
  }

  #call(id: string, fails: number, attempts: number): string {
    for (let attempt = 1; ; attempt++) {
      const calls = (this.#calls.get(id) ?? 0) + 1;
      this.#calls.set(id, calls);
      if (calls > fails) return id;
      if (attempt >= attempts) throw new Failed('HttpServerError', id);
    }
  }

  /** Steps that do not start. Handlers lie on a path not taken, whatever kept the step; a loop that was not entered has no items. */
  #never(steps: Program[], scope: string, fate: string): void {
    for (const step of steps) {
      this.#fates.set(scope + step.id, fate);
      const inner = step.kind === 'parallel' && step.tries > 1 ? `${scope}${step.id}~1/` : scope;
      for (const [name, inside] of listsOf(step)) {
        if (name === 'steps') continue;
        if (name === 'catch0') this.#never(inside, scope, 'skipped/condition');
        else this.#never(inside, inner, fate);
      }
    }
  }
}
