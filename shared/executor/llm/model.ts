import { createAmazonBedrock } from '@ai-sdk/amazon-bedrock';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModel } from 'ai';
import * as z from 'zod';
import { CONNECTION_TYPES, type ConnectionType, type SecretOf, type SettingsOf } from '../../connection/connection-type.ts';
import type { OpenConnection } from '../../connection/open-connection.ts';
import { StepError } from '../../kernel/step-error.ts';
import type { Network } from '../http/agents.ts';
import { awsCredentials } from '../http/assumed-role.ts';
import { fetchOver } from '../http/fetch-over.ts';

type LlmType = 'anthropic' | 'openai' | 'bedrock';

interface Parts<T extends ConnectionType> {
  connection: OpenConnection;
  settings: SettingsOf<T>;
  secret: SecretOf<T>;
  now: Date;
  model: string;
  fetch: typeof fetch;
}

const MODELS: { [T in LlmType]: (parts: Parts<T>) => LanguageModel | Promise<LanguageModel> } = {
  anthropic: ({ settings, secret, model, fetch }) =>
    createAnthropic({ apiKey: secret.api_key, fetch, ...(settings.base_url && { baseURL: settings.base_url }) })(model),

  // No key is sent where none is set: a server of one's own may want none.
  openai: ({ settings, secret, model, fetch }) =>
    createOpenAICompatible({
      name: 'openai',
      baseURL: settings.base_url ?? 'https://api.openai.com/v1',
      fetch,
      supportsStructuredOutputs: true,
      // Tokens are told in a stream only to who asks.
      includeUsage: true,
      ...(secret.api_key !== undefined && { apiKey: secret.api_key }),
    })(model),

  bedrock: async ({ connection, settings, secret, model, fetch, now }) => {
    const credentials = await awsCredentials(connection, settings, secret, now);
    return createAmazonBedrock({ region: settings.region, ...credentials, fetch })(model);
  },
};

const isLlm = (type: string): type is LlmType => Object.hasOwn(MODELS, type);

/** The model that the step names, or else its connection. */
export const modelNameOf = ({ settings }: Pick<OpenConnection, 'settings'>, { model }: { model?: string | null | undefined }) =>
  model ?? z.looseObject({ model: z.string().optional() }).parse(settings).model;

/**
 * The model that a step asks. Throws `InputInvalid` for a connection of another type, or when neither it nor the step names a model, and what assuming a
 * role fails with.
 */
export async function modelOf(
  connection: OpenConnection,
  spec: { model?: string | null | undefined },
  { network, signal, now }: { network: Network; signal: AbortSignal; now: Date },
): Promise<LanguageModel> {
  const { type } = connection;
  if (!isLlm(type))
    throw new StepError(
      'InputInvalid',
      `Connection "${connection.name}" is of type ${type}; an llm step needs one of type ${Object.keys(MODELS).join(', ')}.`,
    );
  const [newest = {}] = connection.secrets;
  const settings = CONNECTION_TYPES[type].settings.parse(connection.settings);
  const model = modelNameOf(connection, spec);
  if (!model) throw new StepError('InputInvalid', `Neither the step nor connection "${connection.name}" names a model.`);
  const make = MODELS[type] as (parts: Parts<LlmType>) => LanguageModel | Promise<LanguageModel>;
  return make({
    connection,
    now,
    settings,
    secret: CONNECTION_TYPES[type].secret.parse(newest),
    model,
    fetch: fetchOver(network, signal),
  });
}
