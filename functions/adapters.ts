import { setTimeout as sleep } from 'node:timers/promises';
import { type SignInSettings, signInSettings } from '../shared/access/id-token.ts';
import { ProviderIdTokens } from '../shared/access/id-tokens.jose.ts';
import { DynamoKeys } from '../shared/access/key.dynamo.ts';
import { DynamoMembers } from '../shared/access/member.dynamo.ts';
import { type Rate, rate } from '../shared/access/rate.ts';
import type { SignInServices } from '../shared/access/sign-in.ts';
import { DynamoCounters } from '../shared/analytics/counters.dynamo.ts';
import { CountedSpending } from '../shared/analytics/spending.ts';
import { DynamoAudit } from '../shared/audit/audit.dynamo.ts';
import { recorder as auditRecorder } from '../shared/audit/recorder.dynamo.ts';
import { dynamo, kms, connections as liveConnections, s3, scheduler, ses, sesOnce, sfn } from '../shared/aws/clients.ts';
import { KmsSeals } from '../shared/aws/kms-seals.ts';
import { logger } from '../shared/aws/observe.ts';
import { DynamoAuthorizations } from '../shared/connection/authorization.dynamo.ts';
import { DynamoCalls } from '../shared/connection/calls.dynamo.ts';
import { DynamoConnections } from '../shared/connection/connection.dynamo.ts';
import { DynamoFiles } from '../shared/file/file.dynamo.ts';
import { BucketFiles } from '../shared/file/file.s3.ts';
import { PresignedUrls } from '../shared/file/presigned-urls.s3.ts';
import { SfnJobExecutions } from '../shared/job/executions.sfn.ts';
import { DynamoJobs } from '../shared/job/job.dynamo.ts';
import type { JobServices, JobSweepServices } from '../shared/job/ports.ts';
import { MOST_SELECTED } from '../shared/job/select.ts';
import * as env from '../shared/kernel/env.ts';
import { once } from '../shared/kernel/once.ts';
import { LiveFollower } from '../shared/live/follow-live.http.ts';
import { DynamoListeners } from '../shared/live/listeners.dynamo.ts';
import { GatewayPosts } from '../shared/live/posts.gateway.ts';
import { LiveSpeaker } from '../shared/live/speech.ts';
import { SesOutgoing } from '../shared/mail/outgoing.ses.ts';
import { recordsActs } from '../shared/run/audit/record-acts.ts';
import { DynamoComments } from '../shared/run/comment/comment.dynamo.ts';
import { forgetsRuns } from '../shared/run/delete/forget-run.ts';
import { keepsHeld } from '../shared/run/hold/keep-held.ts';
import { DynamoPlaces } from '../shared/run/place/places.dynamo.ts';
import type { StartServices } from '../shared/run/start/start-request.ts';
import { SfnExecutions } from '../shared/run/store/executions.sfn.ts';
import { DynamoRuns } from '../shared/run/store/run.dynamo.ts';
import { ValueLinks } from '../shared/run/store/value-links.s3.ts';
import { BucketValues } from '../shared/run/store/values.s3.ts';
import type { RunFollower } from '../shared/run/stream/streamed-change.ts';
import { watcher } from '../shared/run/watcher.metrics.ts';
import { notifiesSubscribers } from '../shared/subscription/follow-subscriptions.ts';
import { DynamoNotifications } from '../shared/subscription/notification.dynamo.ts';
import { KnownSubscribers } from '../shared/subscription/subscribers.ts';
import { DynamoSubscriptions } from '../shared/subscription/subscription.dynamo.ts';
import type { TestedPublishServices } from '../shared/suite/publish-tested.ts';
import { DynamoTests } from '../shared/suite/tests.dynamo.ts';
import type { TaskMailServices } from '../shared/task/send-task-mails.ts';
import { DynamoTasks } from '../shared/task/task.dynamo.ts';
import { DynamoTaskMails } from '../shared/task/task-mails.dynamo.ts';
import { DynamoDeliveries } from '../shared/trigger/delivery/delivery.dynamo.ts';
import { BucketPayloads } from '../shared/trigger/delivery/payloads.s3.ts';
import type { CanaryServices } from '../shared/trigger/email/canary.ts';
import { MembersAndKeyHolders } from '../shared/trigger/email/collaborators.ts';
import { DynamoMailboxes } from '../shared/trigger/email/mailbox.dynamo.ts';
import { BucketMails } from '../shared/trigger/email/mails.s3.ts';
import type { EmailServices } from '../shared/trigger/email/ports.ts';
import { DynamoReplies } from '../shared/trigger/email/replies.dynamo.ts';
import type { ReplyServices } from '../shared/trigger/email/reply.ts';
import { DynamoEventRules } from '../shared/trigger/event/event-rule.dynamo.ts';
import { DynamoQueues } from '../shared/trigger/queue/queue.dynamo.ts';
import { SchedulerFireTimer } from '../shared/trigger/schedule/fire-timer.scheduler.ts';
import { fireWatcher } from '../shared/trigger/schedule/fire-watcher.metrics.ts';
import type { ScheduleServices } from '../shared/trigger/schedule/ports.ts';
import { DynamoSchedules } from '../shared/trigger/schedule/schedule.dynamo.ts';
import { DynamoWebhooks } from '../shared/trigger/webhook/webhook.dynamo.ts';
import { DynamoSavedViews } from '../shared/view/saved-view.dynamo.ts';
import { CachedDefinitions } from '../shared/workflow/cached-definitions.ts';
import { DynamoWorkflows } from '../shared/workflow/workflow.dynamo.ts';

// Every adapter to AWS, made on first use and kept. Handlers pick what they need; each is marked as pure, so that a bundle carries no more than that.
const auditSettings = () => ({ table: env.auditTable(), retentionDays: env.auditRetentionDays() });
/** Records what people do, with what they write. */
export const recorder = /* @__PURE__ */ once(() => auditRecorder(auditSettings(), now));
export const audit = /* @__PURE__ */ once(() => new DynamoAudit(dynamo, auditSettings()));
export const keys = /* @__PURE__ */ once(() => new DynamoKeys(dynamo, env.accessTable()));
export const connections = /* @__PURE__ */ once(() => new DynamoConnections(dynamo, env.connectionsTable()));
export const calls = /* @__PURE__ */ once(() => new DynamoCalls(dynamo, env.placesTable));
export const authorizations = /* @__PURE__ */ once(() => new DynamoAuthorizations(dynamo, env.connectionsTable()));
export const subscriptions = /* @__PURE__ */ once(() => new DynamoSubscriptions(dynamo, env.subscriptionsTable()));
export const notifications = /* @__PURE__ */ once(
  () => new DynamoNotifications(dynamo, { table: env.subscriptionsTable(), retentionDays: env.retentionDays() }),
);
export const subscribers = /* @__PURE__ */ once(() => new KnownSubscribers(subscriptions(), notifications()));
/** Made when there is something to tell: not every function that works with schedules may. */
const lateSubscribers: Pick<KnownSubscribers, 'tell'> = { tell: (events) => subscribers().tell(events) };
export const members = /* @__PURE__ */ once(() => new DynamoMembers(dynamo, env.accessTable()));
export const savedViews = /* @__PURE__ */ once(() => new DynamoSavedViews(dynamo, env.accessTable()));
export const workflows = /* @__PURE__ */ once(() => new DynamoWorkflows(dynamo, env.workflowsTable()));
const definitions = /* @__PURE__ */ once(() => new CachedDefinitions(workflows()));
const values = /* @__PURE__ */ once(() => new BucketValues(s3, env.valuesBucket()));
export const valueLinks = /* @__PURE__ */ once(() => new ValueLinks(s3, env.valuesBucket()));
const runs = /* @__PURE__ */ once(() => new DynamoRuns(dynamo, { table: env.runsTable(), values: values(), places: places() }));
const places = /* @__PURE__ */ once(() => new DynamoPlaces(dynamo, { table: env.placesTable }));
/** Rows alone: without the bucket, lists of runs and nothing of their values. */
export const runRows = /* @__PURE__ */ once(() => new DynamoRuns(dynamo, { table: env.runsTable() }));
export const counters = /* @__PURE__ */ once(() => new DynamoCounters(dynamo, env.analyticsTable()));
export const comments = /* @__PURE__ */ once(() => new DynamoComments(dynamo, env.runsTable()));
export const tasks = /* @__PURE__ */ once(() => new DynamoTasks(dynamo, env.tasksTable));
const executions = /* @__PURE__ */ once(
  () => new SfnExecutions(sfn, { express: env.runsMachineArn, standard: env.longRunsMachineArn }),
);
const fileRows = /* @__PURE__ */ once(
  () => new DynamoFiles(dynamo, { table: env.filesTable(), retentionDays: env.retentionDays() }),
);
const fileBytes = /* @__PURE__ */ once(() => new BucketFiles(s3, env.valuesBucket()));
const jobs = /* @__PURE__ */ once(() => new DynamoJobs(dynamo, { table: env.jobsTable(), retentionDays: env.retentionDays() }));
const jobExecutions = /* @__PURE__ */ once(() => new SfnJobExecutions(sfn, env.jobsMachineArn));
export const presignedUrls = /* @__PURE__ */ once(() => new PresignedUrls(s3, env.valuesBucket()));
export const tests = /* @__PURE__ */ once(
  () => new DynamoTests(dynamo, { table: env.testsTable(), retentionDays: env.retentionDays() }),
);
export const deliveries = /* @__PURE__ */ once(() => new DynamoDeliveries(dynamo, triggers()));
export const payloads = /* @__PURE__ */ once(() => new BucketPayloads(s3, env.valuesBucket()));
export const mailboxes = /* @__PURE__ */ once(() => new DynamoMailboxes(dynamo, env.triggersTable()));
const replies = /* @__PURE__ */ once(() => new DynamoReplies(dynamo, env.triggersTable()));
const mails = /* @__PURE__ */ once(() => new BucketMails(s3, env.valuesBucket()));
const outgoing = /* @__PURE__ */ once(() => new SesOutgoing(ses));
/** How steps send mail: what was not answered may have been taken, and is not sent again. */
export const ownMail = () => ({ outgoing: new SesOutgoing(sesOnce), domain: env.mailDomain() });
const schedules = /* @__PURE__ */ once(() => new DynamoSchedules(dynamo, triggers()));
const fireTimer = /* @__PURE__ */ once(() => new SchedulerFireTimer(scheduler, env.scheduler));
export const webhooks = /* @__PURE__ */ once(() => new DynamoWebhooks(dynamo, env.triggersTable()));
export const queues = /* @__PURE__ */ once(() => new DynamoQueues(dynamo, env.triggersTable()));
export const eventRules = /* @__PURE__ */ once(() => new DynamoEventRules(dynamo, env.triggersTable()));
export const seals = /* @__PURE__ */ once(() => new KmsSeals(kms, env.secretsKey()));
const listeners = /* @__PURE__ */ once(() => new DynamoListeners(dynamo, env.liveTable()));
const posts = /* @__PURE__ */ once(() => new GatewayPosts(liveConnections));
export const now = () => new Date();

const triggers = () => ({ table: env.triggersTable(), retentionDays: env.retentionDays() });

/** Made when a file is touched: not every function that works with runs may. */
export const files = {
  get rows() {
    return fileRows();
  },
  get bytes() {
    return fileBytes();
  },
};

/** What sign-in works with; undefined where the installation has no provider. */
export function signInServices(): SignInServices | undefined {
  const text = env.signIn();
  if (text === undefined) return undefined;
  const settings: SignInSettings = signInSettings.parse(JSON.parse(text));
  return { settings, tokens: new ProviderIdTokens(settings), members: members() };
}

/** The bound of requests of one caller, if the owner has set one. */
export function callerRate(): Rate | undefined {
  const text = env.callerRate();
  return text === undefined ? undefined : rate.parse(JSON.parse(text));
}

export const spending = /* @__PURE__ */ once(() => new CountedSpending(lateCounters, now));
/** Made when a budget asks for them: not every function that works with runs has any. */
const lateCounters: Pick<DynamoCounters, 'read'> = { read: (query) => counters().read(query) };

/** What the engine works with. */
export const engineServices = (): StartServices => ({
  runs: runs(),
  values: values(),
  tasks: tasks(),
  places: places(),
  executions: executions(),
  workflows: workflows(),
  spending: spending(),
  definitions: definitions(),
  files,
  watcher,
  retentionDays: env.retentionDays(),
  now,
  random: Math.random,
});

/** What publishing works with, where tests have to hold first. */
export const publishServices = (): TestedPublishServices => ({
  ...engineServices(),
  connections: connections(),
  tests: tests(),
  sleep,
});

/** What jobs work with. Who only makes them starts nothing again. */
export const jobServices = (): JobServices => ({
  ...engineServices(),
  ...jobSweepServices(),
  tasks: tasks(),
  deliveries: deliveries(),
  payloads: payloads(),
  redeliveries: {},
  tests: tests(),
  comments: comments(),
  mostSelected: MOST_SELECTED,
});

/** What looks after jobs. */
export const jobSweepServices = (): JobSweepServices => ({
  jobs: jobs(),
  jobExecutions: jobExecutions(),
  startLost: ({ id }, error) => logger.warn('the execution of a job was not started', { job: id, error }),
  now,
  sleep,
});

/** What schedules work with. */
export const scheduleServices = (): ScheduleServices => ({
  ...engineServices(),
  deliveries: deliveries(),
  schedules: schedules(),
  fireTimer: fireTimer(),
  fireWatcher,
  subscribers: lateSubscribers,
});

/** What incoming mail works with. */
export const emailServices = (): EmailServices => ({
  ...engineServices(),
  domain: env.mailDomain() ?? '',
  deliveries: deliveries(),
  mailboxes: mailboxes(),
  collaborators: new MembersAndKeyHolders(members(), keys()),
  mails: mails(),
  outgoing: outgoing(),
  replies: replies(),
  replyLost,
});

/** What answers to mails work with, once their runs have ended. */
export const replyServices = (): ReplyServices => ({
  runs: runs(),
  values: values(),
  definitions: definitions(),
  replies: replies(),
  outgoing: outgoing(),
  now,
  replyLost,
});

/** What asking people by mail works with. */
export const taskMailServices = (): TaskMailServices => ({
  mails: new DynamoTaskMails(dynamo, env.tasksTable),
  values: values(),
  seals: seals(),
  outgoing: outgoing(),
  domain: env.mailDomain() ?? '',
  apiUrl: env.apiUrl(),
  now,
  mailLost: (error) => logger.warn('a person was not asked by mail', { error }),
});

/** What a canary works with. */
export const canaryServices = (): CanaryServices => ({
  domain: env.mailDomain(),
  workflows: workflows(),
  // Its workflow uses none.
  connections: { byName: async () => undefined },
  retentionDays: env.retentionDays(),
  mailboxes: mailboxes(),
  runs: runRows(),
  outgoing: outgoing(),
  now,
  sleep,
});

const replyLost = (error: unknown) => logger.warn('a reply was not sent', { error });

/** Lets steps speak to whoever follows their run. */
export const speaker = /* @__PURE__ */ once(() => new LiveSpeaker({ ...connectionServices(), keys: keys(), members: members() }));

/** Who follows what happens to runs. */
export const runFollowers = (): RunFollower[] => [
  recordsActs({ audit: audit(), runs: runRows() }),
  new LiveFollower({ ...connectionServices(), keys: keys(), members: members() }),
  forgetsRuns({ runs: runRows(), values: values() }),
  keepsHeld({ runs: runRows(), files }),
  notifiesSubscribers({ subscribers: subscribers(), runs: runRows() }),
];

/** What those who listen are served with. */
export const connectionServices = () => ({ listeners: listeners(), posts: posts(), runs: runRows(), now });
