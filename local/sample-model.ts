import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { readBody } from './aws/body.ts';
import { SAMPLES_PATH } from './sample-services.ts';

/** Under it a client of OpenAI finds what it knows, from `v1` on. */
const MODEL_PATH = `${SAMPLES_PATH}model/`;
const MAX_BODY_BYTES = 1024 * 1024;
const SAID = 'Thank you for your message. We have read it, and somebody who knows looks after it today.';

const property = z.looseObject({ type: z.unknown().optional(), enum: z.array(z.unknown()).optional() });
type Property = z.infer<typeof property>;
const answerSchema = z.looseObject({ properties: z.record(z.string(), property).default({}) });
const part = z.looseObject({ text: z.string().optional() });

const question = z.object({
  model: z.string().default('sample'),
  stream: z.boolean().default(false),
  messages: z.array(z.object({ role: z.string(), content: z.union([z.string(), z.array(part)]).nullish() })),
  response_format: z.looseObject({ json_schema: z.looseObject({ schema: answerSchema }).optional() }).optional(),
});
type Question = z.infer<typeof question>;

/** A language model of fixed answers in the dialect of OpenAI: it fills a schema from the lines `Name: value` of what it is asked, else it says one sentence. */
export class SampleModel {
  owns(request: IncomingMessage): boolean {
    return request.url?.startsWith(MODEL_PATH) === true;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.slice(MODEL_PATH.length);
    if (request.method !== 'POST' || path !== 'v1/chat/completions') return refuse(response, 404, `${path} is not served`);
    const asked = question.safeParse(jsonOf((await readBody(request, MAX_BODY_BYTES)).toString()));
    if (!asked.success) return refuse(response, 400, z.prettifyError(asked.error));
    const text = answerTo(asked.data);
    const usage = usageOf(asked.data, text);
    if (asked.data.stream) return stream(response, asked.data.model, text, usage);
    const message = { role: 'assistant', content: text };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    respond(response, 200, { ...headOf(asked.data.model), object: 'chat.completion', choices, usage });
  }
}

function answerTo(asked: Question): string {
  const schema = asked.response_format?.json_schema?.schema;
  if (!schema) return SAID;
  const text = questionIn(asked);
  const lines = namedLines(text);
  const values = Object.entries(schema.properties).map(([name, wanted]) => [
    name,
    valueFor(wanted, lines.get(plainName(name)) ?? '', text),
  ]);
  return JSON.stringify(Object.fromEntries(values));
}

/** What people say; the instructions of the author are not for a model without a mind. */
const questionIn = ({ messages }: Question): string =>
  messages
    .filter(({ role }) => role === 'user')
    .flatMap(({ content }) => (typeof content === 'string' ? [content] : (content ?? []).map(({ text = '' }) => text)))
    .join('\n');

/** `Invoice number: 4711` under `invoicenumber`. */
function namedLines(text: string): Map<string, string> {
  const named = text.split('\n').flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon < 0 ? [] : [[plainName(line.slice(0, colon)), line.slice(colon + 1).trim()]];
  });
  return new Map(named);
}

const plainName = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** One of several words is the first that is in the text, else the last. */
function valueFor({ type, enum: words }: Property, line: string, text: string): unknown {
  if (words) return words.find((word) => text.toLowerCase().includes(String(word).toLowerCase())) ?? words.at(-1);
  if (type === 'number' || type === 'integer') return Number(line.replaceAll(/[^0-9.-]/g, ''));
  return line;
}

const usageOf = (asked: Question, answer: string) => {
  const [input, output] = [wordsIn(questionIn(asked)), wordsIn(answer)];
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
};

const wordsIn = (text: string): number => text.split(/\s+/).filter(Boolean).length;

function stream(response: ServerResponse, model: string, text: string, usage: object): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const head = { ...headOf(model), object: 'chat.completion.chunk' };
  const send = (chunk: object) => response.write(`data: ${JSON.stringify({ ...head, ...chunk })}\n\n`);
  for (const content of text.split(/(?<=\s)/)) send({ choices: [{ index: 0, delta: { role: 'assistant', content } }] });
  send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage });
  response.end('data: [DONE]\n\n');
}

const headOf = (model: string) => ({ id: 'chat-sample', created: Math.floor(Date.now() / 1000), model });

const refuse = (response: ServerResponse, status: number, message: string) => respond(response, status, { error: { message } });

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
