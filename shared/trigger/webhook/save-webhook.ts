import { randomBytes } from 'node:crypto';
import type { Actor } from '../../kernel/actor.ts';
import { newId } from '../../kernel/id.ts';
import { Problem } from '../../kernel/problem.ts';
import type { Seals } from '../../kernel/seals.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { checkExpressions } from '../expression/trigger-expressions.ts';
import { REQUEST } from './mapping.ts';
import { schemeOf } from './schemes.ts';
import type { SealedSecret, Webhook, Webhooks } from './webhook.ts';

export interface WebhookSettingsServices {
  webhooks: Webhooks;
  seals: Seals;
  now: () => Date;
}

/** What its owner says of a webhook. */
export type WebhookChoices = Pick<
  Webhook,
  'name' | 'scheme' | 'enabled' | 'signature' | 'deliveryHeader' | 'mapping' | 'if' | 'dedupeWindow'
>;

/** What changes; null takes an expression away. */
export type WebhookChange = Partial<Pick<Webhook, 'name' | 'enabled' | 'dedupeWindow'>> & {
  mapping?: string | null;
  if?: string | null;
};

/** A webhook with the secret that is shown this once. */
export interface Revealed {
  webhook: Webhook;
  secret: string;
}

const HOUR_MS = 3_600_000;

/** Makes a webhook. `secret` is given where the sender has chosen it, as Stripe and Slack do. */
export async function createWebhook(
  { webhooks, seals, now }: WebhookSettingsServices,
  owner: { workflow: Workflow; actor: Actor },
  choices: WebhookChoices,
  given: string | undefined,
): Promise<Revealed> {
  checkExpressions(choices, REQUEST);
  const at = now();
  const id = newId(at.getTime());
  const secret = secretFor(choices, given);
  const webhook: Webhook = {
    ...choices,
    id,
    workspace: owner.workflow.workspace,
    project: owner.workflow.project,
    workflowId: owner.workflow.id,
    ...(choices.scheme !== 'none' && { token: randomBytes(18).toString('base64url') }),
    secrets: [await sealed(seals, id, secret, at)],
    createdAt: at.toISOString(),
    createdBy: owner.actor,
    updatedAt: at.toISOString(),
  };
  await webhooks.create(webhook);
  return { webhook, secret };
}

export async function changeWebhook(
  { webhooks, now }: WebhookSettingsServices,
  seen: Webhook,
  { mapping = seen.mapping, if: condition = seen.if, ...change }: WebhookChange,
): Promise<Webhook> {
  const { mapping: _, if: __, ...kept } = seen;
  const expressions = { ...(mapping != null && { mapping }), ...(condition != null && { if: condition }) };
  checkExpressions(expressions, REQUEST);
  const next = { ...kept, ...change, ...expressions, updatedAt: now().toISOString() };
  await replace(webhooks, seen, next);
  return next;
}

/** Gives a webhook another secret; the one before stays valid for some hours, and none before that. */
export async function rotateWebhook(
  { webhooks, seals, now }: WebhookSettingsServices,
  seen: Webhook,
  { secret: given, keepHours }: { secret?: string | undefined; keepHours: number },
): Promise<Revealed> {
  const at = now();
  const secret = secretFor(seen, given);
  const until = new Date(at.getTime() + keepHours * HOUR_MS).toISOString();
  const [before] = seen.secrets;
  const webhook = {
    ...seen,
    secrets: [await sealed(seals, seen.id, secret, at), ...(before && keepHours > 0 ? [{ ...before, until }] : [])],
    updatedAt: at.toISOString(),
  };
  await replace(webhooks, seen, webhook);
  return { webhook, secret };
}

async function replace(webhooks: Webhooks, seen: Webhook, next: Webhook): Promise<void> {
  if (await webhooks.replace(seen, next)) return;
  throw new Problem('conflict', `Webhook "${seen.name}" has been changed by somebody else meanwhile. Read it again.`);
}

function secretFor(settings: Pick<Webhook, 'scheme'>, given: string | undefined): string {
  const scheme = schemeOf(settings);
  const problem = given === undefined ? undefined : scheme.secretProblem(given);
  if (problem !== undefined) throw new Problem('invalid', `The secret ${problem}.`, [{ name: 'secret', value: problem }]);
  return given ?? scheme.newSecret();
}

async function sealed(seals: Seals, webhook: string, secret: string, at: Date): Promise<SealedSecret> {
  return { sealed: await seals.seal(secret, { webhook }), createdAt: at.toISOString() };
}
