/** The one place that reads the environment. A missing variable is named, at the first use. */
function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`The environment variable ${name} is not set.`);
  return value;
}

const listed = (name: string) => (process.env[name] ?? '').split(',').filter(Boolean);

export const runsTable = () => required('RUNS_TABLE');
export const placesTable = () => required('PLACES_TABLE');
export const workflowsTable = () => required('WORKFLOWS_TABLE');
export const accessTable = () => required('ACCESS_TABLE');
export const connectionsTable = () => required('CONNECTIONS_TABLE');
export const subscriptionsTable = () => required('SUBSCRIPTIONS_TABLE');
export const triggersTable = () => required('TRIGGERS_TABLE');
export const auditTable = () => required('AUDIT_TABLE');
export const tasksTable = () => required('TASKS_TABLE');
export const testsTable = () => required('TESTS_TABLE');
export const jobsTable = () => required('JOBS_TABLE');
export const filesTable = () => required('FILES_TABLE');
export const analyticsTable = () => required('ANALYTICS_TABLE');
export const valuesBucket = () => required('VALUES_BUCKET');
export const secretsKey = () => required('SECRETS_KEY_ARN');
/** The state machine whose executions end within minutes, and the one whose executions may last. */
export const runsMachineArn = () => required('RUNS_MACHINE_ARN');
export const jobsMachineArn = () => required('JOBS_MACHINE_ARN');
export const longRunsMachineArn = () => required('LONG_RUNS_MACHINE_ARN');
/** The sign-in provider and how its tokens are read, as JSON; unset where people have keys alone. */
export const signIn = () => process.env['SIGN_IN'] || undefined;
/** Requests a second of one caller, as JSON; unset where only the stage of the API bounds them. */
export const callerRate = () => process.env['CALLER_RATE'] || undefined;
/** Where mailboxes have their addresses; unset where no mail is received. */
export const mailDomain = () => process.env['MAIL_DOMAIN'] || undefined;
/** The ARN of the event bus that steps emit to. */
export const eventBusArn = () => required('EVENT_BUS_ARN');
/** Where the one-off schedules stand that fire ours, what they call, as whom, and where calls go that could not be made. */
export const scheduler = () => ({
  group: required('SCHEDULE_GROUP'),
  targetArn: required('SCHEDULE_TARGET_ARN'),
  roleArn: required('SCHEDULE_ROLE_ARN'),
  deadLetterArn: required('SCHEDULE_DEAD_LETTER_ARN'),
});
/** The owner's own queues of SQS, and the workspaces whose triggers may take their messages. */
export const inboundQueues = () =>
  listed('INBOUND_QUEUES').map((text) => {
    const [name = '', workspace = ''] = text.split('=');
    return { name, workspace };
  });
/** The queues of SQS that take messages for any trigger. */
export const inbox = () => ({ standard: required('INBOX_URL'), fifo: required('INBOX_FIFO_URL') });
/** Where the API answers. */
export const apiUrl = () => required('API_URL');
export const liveTable = () => required('LIVE_TABLE');
/** Where messages to those who listen are taken. */
export const liveCallbackUrl = () => required('LIVE_CALLBACK_URL');
/** Where clients listen. */
export const liveUrl = () => required('LIVE_URL');
/** Threads for expressions that take long; none where a function has its process to itself. */
export const expressionThreads = () => Number(process.env['EXPRESSION_THREADS'] ?? 0);
/** How long rows stay, in days. */
export const retentionDays = () => Number(required('RETENTION_DAYS'));
/** How long the audit log stays, in days. */
export const auditRetentionDays = () => Number(required('AUDIT_RETENTION_DAYS'));
/** The network of http steps: CIDRs that they may reach although they are private, URLs of the installation itself, calls at once. */
export const stepNetwork = () => ({
  allowedNetworks: listed('ALLOWED_NETWORKS'),
  reservedEndpoints: listed('RESERVED_ENDPOINTS'),
  connections: process.env['STEP_CONNECTIONS'] ? Number(process.env['STEP_CONNECTIONS']) : undefined,
});
