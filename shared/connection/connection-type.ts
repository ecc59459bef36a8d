import * as z from 'zod';
import { mailAddress } from '../kernel/mail-address.ts';
import { isCallableUrl } from '../kernel/safe-url.ts';

const HOST = /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?(:\d{1,5})?$/;

/** Where the credential may be sent: whoever writes a workflow must not be able to send it elsewhere. */
const hosts = z
  .array(
    z
      .string()
      .max(255)
      .regex(HOST, 'must be a host such as api.example.com, *.example.com or 10.0.0.7:8080, in lower case and without https://'),
  )
  .min(1, 'must name at least one host')
  .max(20, 'must name 20 hosts at most')
  .meta({ description: 'Hosts that the credential may be sent to: `api.example.com`, `*.example.com`, `10.0.0.7:8080`' });

const text = (max = 1_000) => z.string().min(1, 'must not be empty').max(max, `must have ${max} characters at most`);
/** What goes into a header: no line breaks, and what headers can carry. */
const plain = (max = 1_000) => text(max).regex(/^[\x20-\x7e]*$/, 'must be plain ASCII without line breaks');
/** What can be called: http or https, without a user name or password. */
export const callableUrl = z
  .string()
  .max(2_000)
  .refine(isCallableUrl, 'must be an http or https URL without a user name or password');
/** A sealed secret has 4,096 bytes at most. */
const long = plain(3_500);

const region = z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be a region such as eu-central-1');
const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/;
const roleArn = z
  .string()
  .refine((arn) => ROLE_ARN.test(arn), 'must be the ARN of a role, such as arn:aws:iam::123456789012:role/orders');
const accessKeyId = z.string().regex(/^[A-Z0-9]{16,128}$/, 'must be the id of an access key');
const model = plain(200).optional().meta({ description: 'The model of steps that name none' });

/** Each type of connection: its settings, which everybody may see, and its secret, which nobody may. */
export const CONNECTION_TYPES = {
  bearer: {
    settings: z.strictObject({ hosts }),
    secret: z.strictObject({ token: long }),
  },
  basic: {
    settings: z.strictObject({ hosts, username: text(200).regex(/^[^:\p{Cc}]*$/u, 'must have no colon') }),
    secret: z.strictObject({ password: text(1_000) }),
  },
  api_key: {
    settings: z.strictObject({
      hosts,
      in: z.enum(['header', 'query']).default('header'),
      name: z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'must be the name of a header or of a query parameter'),
    }),
    secret: z.strictObject({ key: long }),
  },
  oauth2_client_credentials: {
    settings: z.strictObject({
      hosts,
      token_url: callableUrl,
      client_id: plain(500),
      scope: plain(1_000).optional(),
      audience: plain(1_000).optional(),
      client_authentication: z.enum(['basic', 'body']).default('basic'),
    }),
    secret: z.strictObject({ client_secret: long }),
  },
  oauth2_authorization_code: {
    settings: z.strictObject({
      hosts,
      authorization_url: callableUrl,
      token_url: callableUrl,
      issuer: callableUrl
        .optional()
        .meta({ description: 'What the provider calls itself: its answers are taken only with this name (RFC 9207)' }),
      client_id: plain(500),
      scope: plain(1_000).optional(),
      audience: plain(1_000).optional(),
      prompt: plain(100)
        .optional()
        .meta({ description: 'Such as `consent`, where a provider gives refresh tokens no second time without it' }),
      access_type: plain(100).optional().meta({ description: '`offline`, where a provider gives refresh tokens only so' }),
      client_authentication: z.enum(['basic', 'body', 'none']).default('basic'),
    }),
    secret: z.strictObject({ client_secret: long.optional() }),
  },
  aws: {
    settings: z.strictObject({
      hosts,
      region,
      service: z.string().regex(/^[a-z0-9-]{1,60}$/, 'must be the name that requests are signed for, such as execute-api'),
      access_key_id: accessKeyId.optional().meta({ description: 'Whose key the secret is; not with `role_arn`' }),
      role_arn: roleArn
        .optional()
        .meta({ description: 'A role that is assumed instead, with the id of the connection as external id' }),
    }),
    secret: z.strictObject({ secret_access_key: plain(200).optional(), session_token: long.optional() }),
  },
  smtp: {
    settings: z.strictObject({
      host: z
        .string()
        .max(255)
        .regex(
          /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[0-9a-f:]{2,39})$/,
          'must be a host such as smtp.example.com, in lower case and without a port',
        ),
      port: z.int().min(1).max(65_535).default(587),
      tls: z.enum(['starttls', 'implicit', 'none']).default('starttls').meta({
        description:
          'starttls: before anything is told; implicit: from the first byte, as on port 465; none: only where nobody listens',
      }),
      username: plain(320).optional(),
      from: mailAddress.meta({ description: 'The address that mails are sent from' }),
    }),
    secret: z.strictObject({ password: text(1_000).optional() }),
  },
  mcp: {
    settings: z.strictObject({ url: callableUrl }),
    secret: z.strictObject({ token: long.optional() }),
  },
  anthropic: {
    settings: z.strictObject({ base_url: callableUrl.optional(), model }),
    secret: z.strictObject({ api_key: long }),
  },
  openai: {
    settings: z.strictObject({ base_url: callableUrl.optional(), model }),
    secret: z.strictObject({ api_key: long.optional() }),
  },
  bedrock: {
    settings: z.strictObject({ region, model, access_key_id: accessKeyId.optional(), role_arn: roleArn.optional() }),
    secret: z.strictObject({ secret_access_key: plain(200).optional(), session_token: long.optional() }),
  },
} as const;

export type ConnectionType = keyof typeof CONNECTION_TYPES;
export const CONNECTION_TYPE_NAMES = Object.keys(CONNECTION_TYPES) as [ConnectionType, ...ConnectionType[]];

/** What is wrong with settings, or with them and a secret that is right by itself. */
export function mismatchOf(type: ConnectionType, settings: Record<string, unknown>, secret?: object): string | undefined {
  if (type !== 'aws' && type !== 'bedrock') return undefined;
  const { access_key_id: key, role_arn: role } = settings;
  if ((key === undefined) === (role === undefined)) return 'must name either access_key_id or role_arn';
  if (!secret) return undefined;
  const has = 'secret_access_key' in secret && secret.secret_access_key !== undefined;
  if (key !== undefined && !has) return 'name an access_key_id, whose secret_access_key is missing';
  return role !== undefined && has ? 'name a role_arn, which has no secret_access_key' : undefined;
}

/** Those that say themselves what is called; steps of kind http use the others. */
const OF_OTHER_KINDS = ['smtp', 'mcp', 'anthropic', 'openai', 'bedrock'] as const;
export type HttpConnectionType = Exclude<ConnectionType, (typeof OF_OTHER_KINDS)[number]>;
export const isForHttp = (type: ConnectionType): type is HttpConnectionType => !OF_OTHER_KINDS.some((other) => other === type);

export type SettingsOf<T extends ConnectionType> = z.infer<(typeof CONNECTION_TYPES)[T]['settings']>;
export type SecretOf<T extends ConnectionType> = z.infer<(typeof CONNECTION_TYPES)[T]['secret']>;

/** Whether a credential with these hosts may be sent to a URL. A host without a port stands for the port of the URL's scheme alone. */
export function mayBeSentTo(allowed: readonly string[], url: URL): boolean {
  return allowed.some((pattern) => {
    const isWild = pattern.startsWith('*.');
    const host = isWild ? pattern.slice(1) : pattern;
    const given = host.includes(':') ? `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}` : url.host;
    return isWild ? given.endsWith(host) : given === host;
  });
}
