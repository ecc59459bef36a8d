import type { z } from 'zod';
import type { OpenConnection } from '../connection/open-connection.ts';
import type { Template } from '../expression/template.ts';
import type { Trace } from '../kernel/trace.ts';
import type { Usage } from '../usage/usage.ts';

/** What every step may carry beside its kind, after parsing. Durations are still the author's text (`30s`) or an expression. */
export interface Step {
  id: string;
  kind: string;
  /** What stands under the kind key, in the author's form. */
  spec: unknown;
  title?: string | undefined;
  needs?: string[] | undefined;
  if?: Template | undefined;
  output?: Template | undefined;
  timeout?: string | undefined;
  retry?: Retry | undefined;
  catch?: Catcher[] | undefined;
  /** What happens when it has failed for good and nothing in the document takes the failure. */
  onError?: OnError | 'fail' | undefined;
  /** false: recovery never executes this step a second time unless told to. */
  repeatable: boolean;
}

/** A person is asked what to do, instead of failing the run. */
export interface OnError {
  /** Nobody in particular when it is empty. */
  assignees: string[];
  /** Without an answer by then, the step fails as it would have. */
  expiresSeconds?: number | undefined;
  /** So long without an answer, and they are told again. */
  remindSeconds?: number | undefined;
}

export interface Retry {
  /** Error names; absent means every error of a step. */
  on?: string[] | undefined;
  /** Executions, the first included. */
  attempts: number;
  delaySeconds: number;
  backoff: number;
  maxDelaySeconds?: number | undefined;
  jitter: boolean;
}

export interface Catcher {
  /** Error names; absent means every error of a step. */
  on?: string[] | undefined;
  steps: Step[];
}

/** A file as expressions see it. */
export interface FileRef {
  id: string;
  name: string;
  size: number;
  type: string;
  sha256: string;
}

/** A file to be read: its bytes from the start, each time it is opened. */
export interface StepFile {
  name: string;
  type: string;
  size: number;
  open(): Promise<AsyncIterable<Uint8Array>>;
}

/** Files of the run's project, which are larger than a worker can hold several of. Throws `StepError` `FileUnavailable` for what cannot be read. */
export interface StepFiles {
  read(id: string): Promise<StepFile>;
  save(file: { name: string; type: string; content: AsyncIterable<Uint8Array> }): Promise<FileRef>;
}

/** What a step says while it works on, for those who follow its run at that moment: it is kept nowhere, and lost where nobody listens. */
export interface Speech {
  say(text: string): void;
  /** Tells what is left. */
  end(): Promise<void>;
}

/** A step that speaks, and what must not be heard of it. */
export interface SpeakingStep {
  runId: string;
  name: string;
  attempt: number;
  secrets(): readonly string[];
  signal: AbortSignal;
}

export interface Speaker {
  /** Undefined where nobody listens. */
  speechOf(step: SpeakingStep): Promise<Speech | undefined>;
}

/** What a leaf may use while it executes. */
export interface LeafContext {
  runId: string;
  /** Whose run it is, and of what. */
  workspace: string;
  project: string;
  workflow: string;
  workflowId: string;
  /** By what the run came, and its labels. */
  trigger: string;
  labels: readonly string[];
  stepKey: string;
  attempt: number;
  /** What it calls is told which trace this is. */
  trace: Trace;
  now: () => Date;
  /** Aborts when the step times out or the run has ended. */
  signal: AbortSignal;
  files: StepFiles;
  /** Says what it has used, where that is not one call: it is paid for, also when the step fails. */
  used(usage: Usage): void;
  /** The project's connection of that name. Throws `StepError` `CredentialRejected` when there is none. */
  connection(name: string): Promise<OpenConnection>;
  /** Waits until the rate of its connection lets it call once more; the first call has had its turn. */
  nextTurn(): Promise<void>;
  /** What it says meanwhile, where somebody listens. */
  speech(): Promise<Speech | undefined>;
  /** Evaluates a template of the step's own over something that it has got by now; plain names refer to that. */
  evaluate(template: Template, field: string, context: unknown): Promise<unknown>;
}

/** What of a step's input may be stored, and the credentials that were left out. */
export interface Concealed {
  shown: unknown;
  secrets: string[];
}

/** Does what leaves of one kind ask for. */
export interface Executor<Spec = unknown> {
  /** Answers the step's full result. Throws `StepError` under a stable name. */
  execute(spec: Spec, context: LeafContext): Promise<unknown>;
}

/** Those of the kinds that reach outside, by their names. */
export type Executors = Readonly<Record<string, Executor>>;

/** A kind that does one thing and gives a result. */
export interface LeafKind<Spec = unknown> {
  shape: 'leaf';
  name: string;
  /** The author's form: strings may be templates. */
  schema: z.ZodType;
  /** The form after evaluation; a mismatch fails the step as `ExpressionError`. */
  resolved: z.ZodType<Spec>;
  /** What a step is that does not say: true unless doing it twice does harm. */
  repeatable?: boolean;
  /** Keys of its form that are not evaluated beforehand: it does so itself, over something with these names. */
  late?: Readonly<Record<string, readonly string[]>>;
  /** Keys of its form under which a JSON Schema stands. */
  jsonSchemas?: readonly string[];
  /** Leaves out of the evaluated input what the kind knows for credentials. */
  conceal?(input: unknown): Concealed;
  /** The names in its full result, where no other can be. */
  resultNames?(spec: Spec): readonly string[] | undefined;
  /** The full result of a kind that reaches nothing outside: it may be had again without anybody noticing. Others have an executor. */
  evaluate?(spec: Spec): Promise<unknown>;
}

/** A kind that lets time pass. */
export interface TimerKind<Spec = unknown> {
  shape: 'timer';
  name: string;
  schema: z.ZodType;
  resolved: z.ZodType<Spec>;
  resultNames?(spec: Spec): readonly string[] | undefined;
  /** The instant at which the step is over. */
  until(spec: Spec, now: Date): Date;
}

/** A kind that starts a run of another workflow and, unless told otherwise, waits for it. */
export interface CallKind<Spec = unknown> {
  shape: 'call';
  name: string;
  schema: z.ZodType;
  resolved: z.ZodType<Spec>;
  /** Which workflow it names, by the author's form. */
  callee(spec: Spec): { workflow: string; version?: number | undefined };
  waits(spec: Spec): boolean;
}

/** What a person is asked. */
export interface Question {
  assignees: string[];
  title: string;
  body?: string | undefined;
  /** JSON Schema of what an answer fills in. */
  form?: Record<string, unknown> | undefined;
  /** Without an answer by then, the step has failed. */
  expires?: number | undefined;
  /** So many seconds without an answer, and people are told again. */
  remind?: number | undefined;
  onReject: 'fail' | 'continue';
}

/** A kind that asks a person, and waits for the answer. */
export interface AskKind {
  shape: 'ask';
  name: string;
  schema: z.ZodType;
  resolved: z.ZodType<Question>;
  /** Keys of its form under which a JSON Schema stands. */
  jsonSchemas?: readonly string[];
  resultNames(): readonly string[];
}

/** One list of steps inside a group, by the name that `enter` and `output` know it by. */
export interface Branch {
  name: string;
  steps: Step[];
}

/** What the worker found on entry: the case taken or the items to go through. */
export interface Entry {
  case?: string;
  items?: unknown[];
}

/** A kind that holds lists of steps. */
export interface GroupKind<Spec = unknown> {
  shape: 'group';
  name: string;
  schema(steps: z.ZodType<Step[]>): z.ZodType<Spec>;
  branches(spec: Spec): Branch[];
  /** The worker must be asked before the branches start, even without `if` and `retry`. */
  asks: boolean;
  /** Each item opens a scope `<id>[<index>]/`. A group that asks and does not loop takes one of its branches; one that does neither takes all. */
  loops: boolean;
  /** What a loop calls its item, and how many run at once. */
  loop?(spec: Spec): { as: string; concurrency: number };
  resultNames?(spec: Spec): readonly string[] | undefined;
  /** A loop without a list: another round follows until the condition holds, `max` at most. */
  rounds?(spec: Spec): { until: Template; max: number };
  /** Templates that are evaluated on entry, or after a round. */
  entryTemplates(spec: Spec): Template[];
  enter(spec: Spec, evaluate: (template: Template, field: string) => Promise<unknown>): Promise<Entry>;
  /** The group's full result: of the case that was taken, or of so many items or rounds. `last(branch, index?)` is the output of the last step that ran there. */
  output(
    spec: Spec,
    entered: { case?: string; count?: number },
    last: (branch: string, index?: number) => Promise<unknown>,
  ): Promise<unknown>;
}

export type Kind = LeafKind | TimerKind | GroupKind | CallKind | AskKind;
