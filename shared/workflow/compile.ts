import { callKind, groupKind, kindOf } from '../step/registry.ts';
import { secondsOf } from './duration.ts';
import { errorNamesOf } from './error-names.ts';
import { DEFAULT_RUN_SECONDS, DEFAULT_TIMEOUT_SECONDS, GRACE_SECONDS, MAX_RUN_SECONDS } from './limits.ts';
import { catcher, type Machine, type Message, machineErrors, retrier, type State, type States, workerTask } from './machine.ts';
import type { Order } from './order.ts';
import { orderOfList } from './order-of-list.ts';
import type { Plan, PlannedStep } from './plan.ts';

const WORKER_SECONDS = 900;
const CALL_SECONDS = 300;

const SUCCEED = 'run.succeed';
const FAIL = 'run.fail';

/** Where states are put: the top of the machine, where nothing may fail unheard, or a branch, whose errors go up. */
interface Level {
  states: States;
  top: boolean;
}

/** The state machine of a workflow, in Amazon States Language. It carries control flow and no value: see docs/architecture.md. */
export function compile(plan: Plan, { workerArn }: { workerArn: string }): { machine: Machine } {
  return { machine: new Compiler(plan, workerArn).machine() };
}

class Compiler {
  readonly #plan: Plan;
  readonly #workerArn: string;
  readonly #errors: string[];
  /** The leaf that ends the run in its own call. */
  readonly #last: string | undefined;
  readonly #top: Order;
  #succeeds = false;
  #together = 0;

  constructor(plan: Plan, workerArn: string) {
    this.#plan = plan;
    this.#workerArn = workerArn;
    this.#errors = errorNamesOf(plan);
    this.#top = orderOfList(plan, plan.top);
    this.#last = this.#lastLeaf();
  }

  machine(): Machine {
    const level: Level = { states: {}, top: true };
    const start = this.#chain(this.#top, SUCCEED, level);
    if (this.#succeeds) level.states[SUCCEED] = { ...this.#call({ op: 'succeed' }, level), End: true };
    level.states[FAIL] = {
      ...this.#call({ op: 'fail', 'error.$': '$.error' }, { ...level, top: false }),
      ResultPath: null,
      Next: 'run.failed',
    };
    level.states['run.failed'] = { Type: 'Fail', ErrorPath: '$.error.Error' };
    return {
      Comment: this.#plan.document.name,
      TimeoutSeconds: this.#runSeconds(),
      StartAt: start,
      States: level.states,
    };
  }

  #runSeconds(): number {
    const { timeout } = this.#plan.document;
    return timeout === undefined ? DEFAULT_RUN_SECONDS : (secondsOf(timeout) ?? MAX_RUN_SECONDS);
  }

  #lastLeaf(): string | undefined {
    const last = this.#top.kind === 'series' ? this.#top.parts.at(-1) : this.#top;
    return last?.kind === 'step' && kindOf(this.#step(last.id).step.kind).shape === 'leaf' ? last.id : undefined;
  }

  #step(id: string): PlannedStep {
    const planned = this.#plan.steps.get(id);
    if (!planned) throw new Error(`there is no step ${id}`);
    return planned;
  }

  /** Adds the states of an order and answers the first. */
  #chain(order: Order, next: string | null, level: Level): string {
    if (order.kind === 'step') return this.#single(this.#step(order.id), next, level);
    if (order.kind === 'series') {
      let following = next;
      for (const part of order.parts.toReversed()) following = this.#chain(part, following, level);
      return following ?? '';
    }
    this.#together += 1;
    const name = `together.${this.#together}`;
    level.states[name] = this.#parallel(
      order.parts.map((part) => this.#branch((inner) => this.#chain(part, null, inner))),
      next,
      level,
    );
    return name;
  }

  #branch(fill: (level: Level) => string): Machine {
    const inner: Level = { states: {}, top: false };
    return { StartAt: fill(inner), States: inner.states };
  }

  #parallel(
    branches: Machine[],
    next: string | null,
    level: Level,
    more: { retriers?: State[]; catchers?: State[] } = {},
  ): State {
    return {
      Type: 'Parallel',
      Branches: branches,
      ...(more.retriers && { Retry: more.retriers }),
      ...this.#catch(level, more.catchers),
      ResultPath: null,
      ...this.#then(next, level),
    };
  }

  #single(planned: PlannedStep, next: string | null, level: Level): string {
    const kind = kindOf(planned.step.kind);
    if (kind.shape === 'leaf') return this.#leaf(planned, next, level);
    if (kind.shape === 'timer') return this.#timer(planned, next, level);
    if (kind.shape === 'call') return this.#callRun(planned, next, level);
    const { id, step } = planned;
    if (!step.retry && !step.catch) return this.#group(planned, next, level);
    const body = this.#branch((inner) => this.#group(planned, null, inner));
    const retriers = step.retry && [retrier(machineErrors(step.retry.on, this.#errors), step.retry)];
    const catchers = this.#handlers(planned, next, level);
    level.states[`${id}.try`] = this.#parallel([body], next, level, { ...(retriers && { retriers }), catchers });
    return `${id}.try`;
  }

  #leaf(planned: PlannedStep, next: string | null, level: Level): string {
    const { id, step } = planned;
    const isLast = id === this.#last;
    level.states[id] = {
      ...workerTask(
        this.#workerArn,
        { op: 'step', step: id, ...(isLast && { last: true }) },
        leafSeconds(step.timeout),
        this.#retriers(planned),
      ),
      ...this.#catch(level, this.#handlers(planned, next, level)),
      ResultPath: null,
      ...(isLast ? { End: true } : this.#then(next, level)),
    };
    return id;
  }

  #timer(planned: PlannedStep, next: string | null, level: Level): string {
    const { id } = planned;
    level.states[id] = {
      ...workerTask(this.#workerArn, { op: 'enter', step: id }, CALL_SECONDS, this.#retriers(planned)),
      ...this.#catch(level, this.#handlers(planned, next, level)),
      OutputPath: '$.Payload',
      Next: `${id}.until`,
    };
    level.states[`${id}.until`] = { Type: 'Wait', TimestampPath: '$.until', Next: `${id}.end` };
    level.states[`${id}.end`] = this.#exit(id, next, level);
    return id;
  }

  /** A step that starts a run. When it waits, the task waits for the token that the end of that run sends back. */
  #callRun(planned: PlannedStep, next: string | null, level: Level): string {
    const { id, step } = planned;
    const waits = callKind(step.kind).waits(step.spec);
    const task = workerTask(
      this.#workerArn,
      { op: 'call', step: id, ...(waits && { 'token.$': '$$.Task.Token' }) },
      waits ? MAX_RUN_SECONDS : CALL_SECONDS,
      this.#retriers(planned),
    );
    level.states[id] = {
      ...task,
      ...(waits && { Resource: `${String(task['Resource'])}.waitForTaskToken` }),
      ...this.#catch(level, this.#handlers(planned, next, level)),
      ResultPath: null,
      ...(waits ? { Next: `${id}.end` } : this.#then(next, level)),
    };
    if (waits) level.states[`${id}.end`] = this.#exit(id, next, level);
    return id;
  }

  #group(planned: PlannedStep, next: string | null, level: Level): string {
    const { id, step } = planned;
    const kind = groupKind(step.kind);
    const entered = kind.asks || step.if !== undefined || step.retry !== undefined;
    const end = `${id}.end`;
    const first = kind.loops
      ? this.#loop(planned, level)
      : kind.asks
        ? this.#choice(planned, level)
        : this.#branches(planned, entered, level);
    level.states[end] = this.#exit(id, next, level);
    if (!entered) return first;
    level.states[id] = { ...this.#call({ op: 'enter', step: id }, level), OutputPath: '$.Payload', Next: first };
    return id;
  }

  #loop({ id, step, lists }: PlannedStep, level: Level): string {
    const name = `${id}.items`;
    const body = this.#branch((inner) => this.#chain(orderOfList(this.#plan, lists.get('steps') ?? []), null, inner));
    level.states[name] = {
      Type: 'Map',
      ItemsPath: '$.items',
      ItemSelector: { 'run.$': '$.run', 'scope.$': `States.Format('{}${id}[{}]/', $.scope, $$.Map.Item.Value)` },
      MaxConcurrency: groupKind(step.kind).loop?.(step.spec).concurrency,
      ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, ...body },
      ...this.#catch(level),
      ResultPath: null,
      Next: `${id}.end`,
    };
    return name;
  }

  #choice({ id, step, lists }: PlannedStep, level: Level): string {
    const choices = groupKind(step.kind)
      .branches(step.spec)
      .map(({ name }) => {
        const start = this.#chain(orderOfList(this.#plan, lists.get(name) ?? []), `${id}.end`, level);
        return { Variable: '$.case', StringEquals: name, Next: start };
      });
    level.states[`${id}.case`] = { Type: 'Choice', Choices: choices, Default: `${id}.end` };
    return `${id}.case`;
  }

  #branches({ id, step, lists }: PlannedStep, entered: boolean, level: Level): string {
    const name = entered ? `${id}.branches` : id;
    const branches = groupKind(step.kind)
      .branches(step.spec)
      .map((branch) => this.#branch((inner) => this.#chain(orderOfList(this.#plan, lists.get(branch.name) ?? []), null, inner)));
    level.states[name] = this.#parallel(branches, `${id}.end`, level);
    if (!entered) return name;
    const skipped = {
      And: [
        { Variable: '$.skip', IsPresent: true },
        { Variable: '$.skip', BooleanEquals: true },
      ],
      Next: `${id}.end`,
    };
    level.states[`${id}.skip`] = { Type: 'Choice', Choices: [skipped], Default: name };
    return `${id}.skip`;
  }

  #exit(id: string, next: string | null, level: Level): State {
    return { ...this.#call({ op: 'exit', step: id }, level), ResultPath: null, ...this.#then(next, level) };
  }

  /** A call that belongs to no leaf. */
  #call(message: Message, level: Level): State {
    return { ...workerTask(this.#workerArn, message, CALL_SECONDS), ...this.#catch(level) };
  }

  #retriers({ step }: PlannedStep): State[] {
    if (!step.retry) return [];
    // The worker throws StepRetry when another attempt is due; of its own death only the machine can tell.
    const dead = machineErrors(step.retry.on, this.#errors).filter((name) => name === 'States.Timeout');
    return [retrier(['StepRetry', ...dead], step.retry)];
  }

  /** The states of a step's handlers, and the catchers that lead to them. */
  #handlers({ id, step, lists }: PlannedStep, next: string | null, level: Level): State[] {
    return (step.catch ?? []).map((handler, index) => {
      const name = `${id}.caught${index}`;
      const first = this.#chain(orderOfList(this.#plan, lists.get(`catch${index}`) ?? []), next, level);
      const message: Message = { op: 'caught', step: id, handler: index, 'error.$': '$.error' };
      level.states[name] = { ...this.#call(message, level), OutputPath: '$.Payload', Next: first };
      return catcher(machineErrors(handler.on, this.#errors), name);
    });
  }

  #catch({ top }: Level, catchers: State[] = []): State {
    const all = top ? [...catchers, catcher(['States.ALL'], FAIL)] : catchers;
    return all.length > 0 ? { Catch: all } : {};
  }

  #then(next: string | null, { top }: Level): State {
    if (next === SUCCEED) this.#succeeds = true;
    if (next !== null) return { Next: next };
    // What branches and items answer is not read; 1,000 items that repeat their input would be a lot of it.
    return top ? { End: true } : { OutputPath: null, End: true };
  }
}

function leafSeconds(timeout: string | undefined): number {
  const seconds = timeout === undefined ? DEFAULT_TIMEOUT_SECONDS : (secondsOf(timeout) ?? WORKER_SECONDS);
  return Math.min(seconds + GRACE_SECONDS, WORKER_SECONDS);
}
