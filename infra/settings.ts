import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Node } from 'constructs';
import * as z from 'zod';
import { ROLES } from '../shared/kernel/role.ts';
import { isSafeUrl } from '../shared/kernel/safe-url.ts';

/** The retention periods CloudWatch Logs knows. */
const logRetentions = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/** A list in code; `a,b` on the command line, where every value is text. */
const listOf = (item: z.ZodType<string>) =>
  z.preprocess(
    (value) =>
      typeof value === 'string'
        ? value
            .split(',')
            .map((part) => part.trim())
            .filter(Boolean)
        : value,
    z.array(item),
  );

const network = z.union([z.cidrv4(), z.cidrv6()], { error: 'must be a network such as 10.0.0.0/8 or fd00::/8' });
const origin = z
  .string()
  .regex(/^(\*|https?:\/\/[^/\s]+)$/, 'must be * or an origin such as https://console.example.com, without a path');
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'must be 1 to 64 letters, digits, - or _');

/** A value left empty in cdk.json or by `-c name=` counts as not given. */
const optional = <T extends z.ZodType>(type: T) => z.preprocess((value) => (value === '' ? undefined : value), type.optional());

/** `-c name=true` is text. */
const flag = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' || value === '' ? false : value),
  z.boolean().optional(),
);

const claim = (name: string) => z.string().min(1).max(200).default(name);

/** `group=role`; a name may have an = of its own. */
const groupRole = z
  .string()
  .regex(
    new RegExp(`^.+=(${ROLES.join('|')})$`),
    `must be a group and its role, such as support=operator; roles are ${ROLES.join(', ')}`,
  );

/** Concurrent calls of one function. */
const concurrency = optional(z.coerce.number().int().min(1));

const fields = z.object({
  prefix: z
    .string()
    // No hyphen: the machine `runs` of `mill-long` would be the machine `long-runs` of `mill`.
    .regex(/^[a-z][a-z0-9]{1,19}$/, 'must be 2 to 20 lower case letters or digits, beginning with a letter')
    .default('millrun'),
  retentionDays: z.coerce.number().int().min(1).max(3650).default(90),
  auditRetentionDays: z.coerce.number().int().min(1).max(3650).default(365),
  removal: z.enum(['retain', 'destroy']).default('retain'),
  allowedNetworks: listOf(network).default([]),
  logRetentionDays: z.coerce
    .number()
    .refine((days) => logRetentions.includes(days), `must be one of ${logRetentions.join(', ')}`)
    .default(30),
  tracing: flag.transform((value) => value ?? false),
  apiRateLimit: z.coerce.number().int().min(1).default(500),
  apiBurstLimit: z.coerce.number().int().min(1).default(1000),
  keyRateLimit: optional(z.coerce.number().min(0.1)),
  keyBurstLimit: optional(z.coerce.number().int().min(1)),
  authorizerConcurrency: concurrency,
  startConcurrency: concurrency,
  sweeperConcurrency: concurrency,
  workerConcurrency: concurrency,
  bootstrapWorkspace: name.default('main'),
  bootstrapProject: optional(name),
  corsOrigins: listOf(origin).default([]),
  oidcIssuer: optional(
    z
      .string()
      .refine(isSafeUrl, 'must be a URL with https, such as https://login.example.com')
      .regex(/^[^?#]+$/, 'must have no query and no fragment'),
  ),
  oidcClientId: optional(z.string().min(1).max(200)),
  oidcEmailClaim: claim('email'),
  oidcVerifiedClaim: claim('email_verified'),
  oidcGroupsClaim: claim('groups'),
  oidcGroups: listOf(groupRole).default([]),
  mailDomain: optional(
    z
      .string()
      .regex(
        /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/,
        'must be a domain such as mail.example.com',
      ),
  ),
  mailIdentity: z.enum(['create', 'existing']).default('create'),
  mailTls: z.enum(['require', 'optional']).default('require'),
  mailActive: flag.transform((value) => value ?? false),
  mailReplaceActive: flag.transform((value) => value ?? false),
  mailRetentionDays: optional(z.coerce.number().int().min(1).max(3650)),
  mailCanaryMinutes: z.coerce.number().int().min(0).max(1440).default(15),
  eventBus: optional(
    z
      .string()
      .regex(/^(arn:aws[a-z-]*:events:[^:]+:\d{12}:event-bus\/)?[\w./-]{1,256}$/, 'must be the name of an event bus, or its ARN'),
  ),
  eventBuses: listOf(
    z
      .string()
      .regex(
        /^(arn:aws[a-z-]*:events:[^:=]+:\d{12}:event-bus\/)?[\w.-]{1,256}(=[A-Za-z0-9][A-Za-z0-9_-]{0,63})?$/,
        'must be the name of an event bus, or its ARN, and may name a workspace: default, shop=main',
      ),
  ).default([]),
  inboundQueues: listOf(
    z
      .string()
      .regex(
        /^arn:aws[a-z-]*:sqs:[^:=]+:\d{12}:[\w-]{1,80}(\.fifo)?(=[A-Za-z0-9][A-Za-z0-9_-]{0,63})?$/,
        'must be the ARN of a queue of SQS, and may name a workspace: arn:aws:sqs:eu-central-1:111122223333:orders=main',
      ),
  ).default([]),
  assumableRoles: listOf(
    z
      .string()
      .regex(
        /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
        'must be the ARN of a role, such as arn:aws:iam::111122223333:role/orders, without *',
      ),
  ).default([]),
  alarmTopicArn: optional(z.string().regex(/^arn:aws[a-z-]*:sns:[^:]+:\d{12}:[^:]+$/, 'must be the ARN of an SNS topic')),
  alarmEmail: optional(z.email('must be an email address')),
});

const schema = fields.superRefine(({ oidcIssuer, oidcClientId, keyRateLimit, keyBurstLimit, ...rest }, context) => {
  const inbox = ['inbox', 'inbox.fifo', 'inbox-undelivered', 'inbox-undelivered.fifo'].map((name) => `${rest.prefix}-${name}`);
  const names = [...inbox, ...inboundQueuesOf(rest).map(({ name }) => name)];
  const twice = names.find((one, at) => names.indexOf(one) !== at);
  if (twice !== undefined)
    context.addIssue({ code: 'custom', path: ['inboundQueues'], message: `must not name two queues called ${twice}` });
  const buses = rest.eventBuses.map((text) => busIn(text).name);
  const bus = buses.find((one, at) => buses.indexOf(one) !== at);
  if (bus !== undefined)
    context.addIssue({ code: 'custom', path: ['eventBuses'], message: `must not name two buses called ${bus}` });
  if (keyRateLimit === undefined && keyBurstLimit !== undefined)
    context.addIssue({ code: 'custom', path: ['keyRateLimit'], message: 'must be set where keyBurstLimit is' });
  if ((oidcIssuer === undefined) === (oidcClientId === undefined)) return;
  const [missing, other] = oidcIssuer === undefined ? ['oidcIssuer', 'oidcClientId'] : ['oidcClientId', 'oidcIssuer'];
  context.addIssue({ code: 'custom', path: [missing], message: `must be set where ${other} is` });
});

/** What an owner can choose about an installation; docs/deploy.md explains each. */
export type Settings = z.output<typeof schema>;
export type SettingsInput = z.input<typeof schema>;

/** Fills in defaults and refuses, by name, what cannot be deployed. */
export function parseSettings(input: SettingsInput | Record<string, unknown>): Settings {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;

  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`These settings cannot be deployed (see docs/deploy.md):\n${problems.join('\n')}`);
}

/** Reads the settings from cdk.json and `cdk deploy -c name=value`; `overrides` come first. */
export function settingsFromContext(node: Node, overrides: SettingsInput = {}): Settings {
  const names = Object.keys(fields.shape);
  const context = Object.fromEntries(names.map((key) => [key, node.tryGetContext(key)]));
  return parseSettings({ ...context, ...overrides });
}

/** What the authorizer is told of the sign-in provider, if there is one. */
export function signInOf(settings: Settings) {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcGroups } = settings;
  if (issuer === undefined || clientId === undefined) return undefined;
  const groups = oidcGroups.map((text) => {
    const at = text.lastIndexOf('=');
    return { group: text.slice(0, at), role: text.slice(at + 1) };
  });
  const { oidcEmailClaim: emailClaim, oidcVerifiedClaim: verifiedClaim, oidcGroupsClaim: groupsClaim } = settings;
  return { issuer, clientId, emailClaim, verifiedClaim, groupsClaim, groups, workspace: settings.bootstrapWorkspace };
}

/** The owner's own queues, by their names, and the workspaces whose triggers may take their messages. */
export const inboundQueuesOf = ({ inboundQueues, bootstrapWorkspace }: Pick<Settings, 'inboundQueues' | 'bootstrapWorkspace'>) =>
  inboundQueues.map((text) => {
    const [arn = '', workspace = bootstrapWorkspace] = text.split('=');
    return { arn, name: arn.split(':').at(-1) ?? '', workspace };
  });

function busIn(text: string) {
  const [bus = '', workspace] = text.split('=');
  return { bus, name: bus.split('/').at(-1) ?? bus, workspace };
}

/** The bus that steps emit to, by its name alone. */
export const eventBusNameOf = ({ prefix, eventBus }: Pick<Settings, 'prefix' | 'eventBus'>) =>
  eventBus === undefined ? prefix : busIn(eventBus).name;

/**
 * The buses whose events may start runs, and the workspaces whose rules hear of what comes from outside: that of emit steps, unless it may belong to another
 * account, and those that the owner names.
 */
export function eventBusesOf(settings: Pick<Settings, 'prefix' | 'eventBus' | 'eventBuses' | 'bootstrapWorkspace'>) {
  const { eventBus, bootstrapWorkspace } = settings;
  const own = eventBusNameOf(settings);
  const named = settings.eventBuses.map(busIn).map(({ workspace = bootstrapWorkspace, ...rest }) => ({ ...rest, workspace }));
  const isThere = eventBus?.startsWith('arn:') || named.some(({ name }) => name === own);
  return isThere ? named : [{ bus: own, name: own, workspace: bootstrapWorkspace }, ...named];
}

/** What the authorizer is told of the requests that one caller may make. */
export function callerRateOf({ keyRateLimit: perSecond, keyBurstLimit }: Settings) {
  return perSecond === undefined ? undefined : { perSecond, burst: keyBurstLimit ?? Math.max(1, Math.ceil(2 * perSecond)) };
}

/** What becomes of data and logs when the stack is deleted. */
export function removalPolicyOf({ removal }: Settings): RemovalPolicy {
  return removal === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
}
