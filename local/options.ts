import { z } from 'zod';

const port = (fallback: number) => z.coerce.number({ error: 'must be a port number' }).int().min(0).max(65_535).default(fallback);

/** What is no JSON is no object either. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const schema = z.object({
  PORT: port(4000),
  AWS_PORT: port(4566),
  SMTP_PORT: port(2525),
  DATA_DIR: z.string().min(1).default('.millrun'),
  LOCAL_API_KEY: z.string().min(8, 'must have at least 8 characters').default('local-dev-key'),
  ALLOWED_HOSTS: z.string().toLowerCase().default(''),
  DYNAMODB_ENDPOINT: z.url().optional(),
  SMTP_URL: z.url().optional(),
  FAST_PATH: z.enum(['on', 'off']).default('on'),
  SETTINGS: z
    .string()
    .transform(parsed)
    .pipe(z.record(z.string(), z.unknown(), { error: 'must be a JSON object' }))
    .default({}),
  USAGE_KEYS_WINDOW_MS: z.coerce.number().int().min(1).optional(),
});

/** How a cloud is brought up. A port of 0 means any free one. */
export interface CloudOptions {
  port: number;
  awsPort: number;
  /** Where mail comes in; any free port when absent. */
  smtpPort?: number | undefined;
  dataDir: string;
  apiKey: string;
  /** Names beside those of loopback that the API answers to. */
  allowedHosts?: string[] | undefined;
  dynamodbEndpoint?: string | undefined;
  /** A mail server that takes what goes out. */
  smtpUrl?: string | undefined;
  /** Whether functions of this process reach its services without HTTP. */
  fastPath?: boolean | undefined;
  /** Settings of the stack over those that it has here. */
  settings?: Record<string, unknown> | undefined;
  /** Counts write units by table key and index key, in windows of so many milliseconds. */
  usageKeysWindowMs?: number | undefined;
}

/** Reads the variables that `npm start` knows; throws one message that names every wrong one. */
export function optionsFrom(environment: Record<string, string | undefined>): CloudOptions {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '));
  }
  const { PORT, AWS_PORT, SMTP_PORT, DATA_DIR, LOCAL_API_KEY, ALLOWED_HOSTS, DYNAMODB_ENDPOINT, SMTP_URL, FAST_PATH, SETTINGS } =
    parsed.data;
  return {
    port: PORT,
    awsPort: AWS_PORT,
    // Whoever wants any free port for the API has another cloud on this machine, or may have.
    smtpPort: given['SMTP_PORT'] === undefined && PORT === 0 ? 0 : SMTP_PORT,
    dataDir: DATA_DIR,
    apiKey: LOCAL_API_KEY,
    allowedHosts: ALLOWED_HOSTS.split(',').filter(Boolean),
    dynamodbEndpoint: DYNAMODB_ENDPOINT,
    smtpUrl: SMTP_URL,
    fastPath: FAST_PATH === 'on',
    settings: SETTINGS,
    usageKeysWindowMs: parsed.data.USAGE_KEYS_WINDOW_MS,
  };
}
