import {
  generateText,
  type JSONValue,
  jsonSchema,
  type LanguageModelUsage,
  type ModelMessage,
  NoObjectGeneratedError,
  Output,
  streamText,
  type TextStreamPart,
  type ToolSet,
} from 'ai';
import type { OpenConnection } from '../../connection/open-connection.ts';
import { fitInputs } from '../../expression/input-schema.ts';
import { StepError } from '../../kernel/step-error.ts';
import type { LeafContext, Speech } from '../../step/kind.ts';
import type { LlmSpec } from '../../step/llm.ts';
import { ofModel } from '../../usage/usage.ts';
import type { Network } from '../http/agents.ts';
import { attachmentsOf } from './attachments.ts';
import { failureOf } from './failure.ts';
import { modelNameOf, modelOf } from './model.ts';

/** A question is repeated once, with what was wrong with the answer. */
const MOST_ANSWERS = 2;
/** Enough of an answer to see what is wrong with it. */
const QUOTED_CHARACTERS = 1_000;

/**
 * Asks the model. Throws `StepError`: `LlmRequestFailed`, `LlmOutputInvalid` with the text, `TooManyRequests`, `CredentialRejected`, or whatever reason the
 * signal was aborted with.
 */
export async function ask(spec: LlmSpec, context: LeafContext, network: Network): Promise<unknown> {
  const connection = await context.connection(spec.connection);
  try {
    const model = await modelOf(connection, spec, { network, signal: context.signal, now: context.now() });
    const content = [{ type: 'text' as const, text: spec.prompt }, ...(await attachmentsOf(spec.attachments, context.files))];
    const question: Question = {
      model,
      messages: [{ role: 'user', content }],
      maxRetries: 0,
      abortSignal: context.signal,
      ...(spec.system && { instructions: spec.system }),
      ...(spec.maxTokens && { maxOutputTokens: spec.maxTokens }),
    };
    const meter = meterOf(context, modelNameOf(connection, spec) ?? '');
    const speech = await context.speech();
    const asking = { question, meter, speech };
    const answer = await (spec.schema ? answered(asking, spec.schema) : textOf(asking)).finally(() => speech?.end());
    await connection.report({ ok: true });
    return answer;
  } catch (error) {
    if (context.signal.aborted) throw timedOut(context.signal, connection);
    throw await failureOf(error, connection, context.now());
  }
}

type Question = Omit<Parameters<typeof generateText>[0], 'messages' | 'prompt'> & { messages: ModelMessage[] };

/** Counts the tokens of an answer, whether it can be used or not. */
type Meter = (usage: LanguageModelUsage | undefined) => void;

const meterOf =
  ({ used }: LeafContext, model: string): Meter =>
  (usage) => {
    const { inputTokens = 0, outputTokens = 0 } = usage ?? {};
    used({ [ofModel('tokens_in', model)]: inputTokens, [ofModel('tokens_out', model)]: outputTokens });
  };

interface Asking {
  question: Question;
  meter: Meter;
  /** Who hears the answer while it comes, if anybody does. */
  speech: Speech | undefined;
}

async function textOf({ question, meter, speech }: Asking): Promise<string> {
  if (!speech) {
    const { text, totalUsage } = await generateText(question);
    meter(totalUsage);
    return text;
  }
  const streamed = streamText({ ...question, onError: () => {} });
  await hear(streamed.fullStream, speech);
  meter(await streamed.totalUsage);
  return streamed.text;
}

/** Lets the answer be heard. Throws what the stream ends with. */
async function hear(stream: AsyncIterable<TextStreamPart<ToolSet>>, speech: Speech): Promise<void> {
  for await (const part of stream) {
    if (part.type === 'error') throw part.error;
    if (part.type === 'text-delta') speech.say(part.text);
  }
}

async function answered({ question, meter, speech }: Asking, schema: Record<string, unknown>): Promise<unknown> {
  let messages = question.messages;
  for (let asked = 1; ; asked++) {
    const answer = await objectOf({ question: { ...question, messages } as Question, meter, speech }, schema);
    if ('value' in answer) return answer.value;
    if (asked === MOST_ANSWERS) throw invalid(answer);
    messages = [
      ...question.messages,
      { role: 'assistant', content: answer.text },
      { role: 'user', content: `That answer cannot be used: ${answer.problem}. Answer with the corrected JSON alone.` },
    ];
  }
}

type Answer = { value: unknown } | { text: string; problem: string };

async function objectOf({ question, meter, speech }: Asking, schema: Record<string, unknown>): Promise<Answer> {
  let problem = 'it is no JSON';
  let isMetered = false;
  const validate = (value: unknown) => {
    const { inputs, problems } = fitInputs(schema, value);
    if (problems.length === 0) return { success: true as const, value: inputs as JSONValue };
    problem = problems.map(({ path, message }) => `${path.replace(/^\./, '') || 'it'} ${message}`).join(', ');
    return { success: false as const, error: new Error(problem) };
  };
  try {
    const output = Output.object({ schema: jsonSchema<JSONValue>(schema, { validate }) });
    if (!speech) {
      const made = await generateText({ ...question, output });
      meter(made.totalUsage);
      isMetered = true;
      return { value: made.output };
    }
    const streamed = streamText({ ...question, output, onError: () => {} });
    await hear(streamed.fullStream, speech);
    meter(await streamed.totalUsage);
    isMetered = true;
    return { value: await streamed.output };
  } catch (error) {
    if (!NoObjectGeneratedError.isInstance(error)) throw error;
    const { text = '', finishReason, usage } = error;
    if (!isMetered) meter(usage);
    return { text, problem: finishReason === 'length' ? 'it was cut at its greatest length (maxTokens)' : problem };
  }
}

const invalid = ({ text, problem }: { text: string; problem: string }) =>
  new StepError(
    'LlmOutputInvalid',
    `The model does not keep to the schema: ${problem}. It said: ${text.slice(0, QUOTED_CHARACTERS)}`,
  );

function timedOut({ reason }: AbortSignal, { name }: OpenConnection): unknown {
  const isTime = reason instanceof DOMException && reason.name === 'TimeoutError';
  return isTime ? new StepError('Timeout', `The model of connection "${name}" did not answer in time`) : reason;
}
