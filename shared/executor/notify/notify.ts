import type { Seals } from '../../kernel/seals.ts';
import { StepError } from '../../kernel/step-error.ts';
import { compose } from '../../mail/compose.ts';
import { digestOf } from '../../subscription/digest.ts';
import type { Notification, Sent } from '../../subscription/notification.ts';
import type { Send } from '../../subscription/send-notifications.ts';
import { signedHeaders } from '../../subscription/signature.ts';
import type { Subscription } from '../../subscription/subscription.ts';
import type { OwnMail } from '../email/own-mail.ts';
import type { EventBus } from '../emit/bus.ts';
import type { Network } from '../http/agents.ts';
import { readBody } from '../http/body.ts';
import { secondsUntil } from '../http/failure.ts';
import type { HttpRequest } from '../http/request.ts';
import { send } from '../http/send.ts';

/** How long a receiver may take, as Standard Webhooks recommends. */
const TIME_LIMIT_MS = 15_000;
const GLIMPSE_BYTES = 4 * 1024;

interface Means {
  network: Network;
  seals: Pick<Seals, 'open'>;
  bus: EventBus;
  mail: OwnMail;
  /** Where the console shows what was sent. */
  consoleUrl: string;
  now: () => Date;
}

/** Takes events to webhooks, under the rule about where steps may lead, to the bus, and to people. Redirects are not followed. */
export const sendsTo =
  (means: Means): Send =>
  async ({ id, secret, to, project }, notifications) => {
    if (to.kind === 'email') return toPeople(means, { id, project }, to.addresses, notifications);
    const [notification] = notifications;
    if (to.kind === 'event_bus') return toBus(means, project, notification);
    const opened = await means.seals.open(secret ?? '', { subscription: id });
    return toWebhook(means, to.url, opened, notification);
  };

async function toWebhook({ network, now }: Means, url: string, secret: string, notification: Notification): Promise<Sent> {
  const body = Buffer.from(notification.payload);
  const request: HttpRequest = {
    method: 'POST',
    url: new URL(url),
    headers: {
      ...signedHeaders(secret, notification, now()),
      'content-length': String(body.length),
      'user-agent': 'millrun',
    },
    body,
  };
  const signal = AbortSignal.timeout(TIME_LIMIT_MS);
  try {
    const answer = await send(request, network, signal);
    await readBody(answer, GLIMPSE_BYTES).catch(() => undefined);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return { ok: true, status };
    const after = secondsUntil(answer.headers['retry-after'], now());
    return { ok: false, status, error: `It answered ${status}.`, after, isGone: status === 410 };
  } catch (error) {
    if (signal.aborted) return { ok: false, error: `It did not answer within ${TIME_LIMIT_MS / 1000} s.` };
    if (error instanceof StepError) return { ok: false, error: error.message };
    throw error;
  }
}

/** As CloudEvents 1.0; beside those of emit steps. */
async function toBus({ bus }: Means, project: string, { type, payload, workspace }: Notification): Promise<Sent> {
  const { id, timestamp, data } = JSON.parse(payload);
  const source = `millrun/${encodeURIComponent(project)}`;
  const detail = {
    specversion: '1.0',
    id,
    type: `millrun.${type}`,
    source,
    time: timestamp,
    datacontenttype: 'application/json',
    data,
    workspace,
    project,
    // As steps say it: data of runs have it.
    ...data.trace,
  };
  const entry = { source, type: detail.type, at: new Date(timestamp), detail: JSON.stringify(detail) };
  const notTaken = await bus.put(entry);
  return notTaken ? { ok: false, error: `The event bus did not take it: ${notTaken.code}.` } : { ok: true };
}

/** Machines that answer mail do not answer these. */
const AUTOMATIC = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' };

async function toPeople(
  { mail: { outgoing, domain }, consoleUrl, now }: Pick<Means, 'mail' | 'consoleUrl' | 'now'>,
  { id, project }: Pick<Subscription, 'id' | 'project'>,
  addresses: readonly string[],
  notifications: readonly Notification[],
): Promise<Sent> {
  if (domain === undefined)
    return { ok: false, error: 'This installation sends no mail: the setting mailDomain says from where.' };
  const from = `noreply@${domain}`;
  const told = digestOf(project, notifications, `${consoleUrl}/subscriptions?id=${id}`);
  const raw = compose({ from, to: addresses.join(', '), date: now(), headers: AUTOMATIC, ...told });
  try {
    await outgoing.send({ from, to: addresses, raw });
    return { ok: true };
  } catch (error) {
    // What SES says of a mail is for people; what else there is names things of the account.
    const says =
      error instanceof Error
        ? error.name === 'MessageRejected'
          ? `${error.name}: ${error.message}`
          : error.name
        : 'it does not say why';
    return { ok: false, error: `The mail was not taken: ${says}` };
  }
}
