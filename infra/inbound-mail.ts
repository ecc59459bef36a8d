import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import {
  EmailIdentity,
  Identity,
  type IEmailIdentity,
  type IReceiptRuleAction,
  ReceiptRuleSet,
  TlsPolicy,
} from 'aws-cdk-lib/aws-ses';
import { Lambda, LambdaInvocationType } from 'aws-cdk-lib/aws-ses-actions';
import { CfnOutput, CfnResource, CustomResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { MAX_MAIL_BYTES } from '../shared/trigger/email/mailbox.ts';
import { acknowledgeWildcard } from './acknowledge.ts';
import { type ApiFunctions, allowCanary, allowDeliveries, allowFilesOfStarts, allowStarts } from './api-functions.ts';
import { AppFunction } from './app-function.ts';
import type { RunEngine } from './run-engine.ts';
import type { RunRecovery } from './run-recovery.ts';
import type { Settings } from './settings.ts';
import type { Stores } from './stores.ts';

export interface InboundMailProps {
  readonly settings: Settings;
  readonly domain: string;
  readonly stores: Stores;
  readonly engine: RunEngine;
  readonly runRecovery: RunRecovery;
  readonly functions: ApiFunctions;
}

/** Mail to any address of the domain: SES checks it and stores it, a function looks whose it is. Answers and canaries go out by SES too. */
export class InboundMail extends Construct {
  readonly receive: AppFunction;
  readonly results: AppFunction;
  /** Absent when no canary is wanted, or when the rule set is not to be active. */
  readonly canary: AppFunction | undefined;
  readonly canaryMinutes: number;
  readonly #props: InboundMailProps;
  readonly #identity: IEmailIdentity;

  constructor(scope: Construct, id: string, props: InboundMailProps) {
    super(scope, id);
    const { settings, domain, stores } = props;
    this.#props = props;
    this.canaryMinutes = settings.mailCanaryMinutes;
    this.#identity = this.#identityOf(domain);

    stores.values.addLifecycleRule({
      id: 'mail',
      prefix: 'mail/',
      expiration: Duration.days(settings.mailRetentionDays ?? settings.retentionDays),
    });
    this.receive = this.#worksOnMail('Receive', {
      entry: 'mail/receive-mail',
      description: 'Turns a mail into runs',
      timeout: Duration.minutes(2),
      deadLetterQueue: props.runRecovery.undelivered,
    });
    this.results = this.#worksOnMail('Results', {
      entry: 'timer/send-results',
      description: 'Tells senders how the runs have ended that their mails have started',
      timeout: Duration.seconds(55),
      retryAttempts: 0,
    });
    allowStarts(this.receive, props);
    allowDeliveries(this.receive, stores);
    allowFilesOfStarts(this.receive, stores);
    stores.access.allow(this.receive, [], ['by-workspace']);
    stores.runs.allow(this.results, ['GetItem']);
    stores.places.allow(this.results, []);
    stores.workflows.allow(this.results, ['GetItem']);
    stores.triggers.allow(this.results, ['BatchGetItem', 'DeleteItem', 'UpdateItem'], ['by-workspace']);
    stores.values.allowReads(this.results);
    this.allowSending(this.receive);
    this.allowSending(this.results);
    this.every(this.results, 'EveryMinute', Duration.minutes(1));

    const rules = this.#rules();
    if (settings.mailActive) this.#activate(rules);
    this.canary = settings.mailActive && this.canaryMinutes > 0 ? this.#canary() : undefined;

    for (const entry of ['api/mailboxes', 'api/mail-canary', 'api/deliveries', 'api/subscriptions'])
      props.functions.at(entry).addEnvironment('MAIL_DOMAIN', domain);
    this.allowSending(props.functions.at('api/mail-canary'));
    // Steps of kind email.
    props.engine.worker.addEnvironment('MAIL_DOMAIN', domain);
    this.allowSending(props.engine.worker);
    this.#printRecords();
  }

  get functions(): AppFunction[] {
    return [this.receive, this.results, ...(this.canary ? [this.canary] : [])];
  }

  /** Made by us, or there before us: CloudFormation refuses to make what an account has already. */
  #identityOf(domain: string): IEmailIdentity {
    const { settings } = this.#props;
    if (settings.mailIdentity === 'existing') return EmailIdentity.fromEmailIdentityName(this, 'Domain', domain);

    const identity = new EmailIdentity(this, 'Domain', { identity: Identity.domain(domain) });
    // Others of the account may send from it by now; a first deployment that fails takes it back, so that it can be tried again.
    identity.applyRemovalPolicy(settings.removal === 'retain' ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY);
    identity.dkimRecords.forEach(({ name, value }, index) => {
      this.#record(`DkimRecord${index + 1}`, `${name} CNAME ${value}`, 'Lets SES sign mail of the domain');
    });
    return identity;
  }

  #worksOnMail(
    id: string,
    options: Pick<
      ConstructorParameters<typeof AppFunction>[2],
      'entry' | 'description' | 'timeout' | 'deadLetterQueue' | 'retryAttempts'
    >,
  ): AppFunction {
    const { settings, domain } = this.#props;
    return new AppFunction(this, id, {
      settings,
      ...options,
      environment: { RETENTION_DAYS: String(settings.retentionDays), MAIL_DOMAIN: domain },
    });
  }

  /** One rule for every address there is and will be: mailboxes are rows, and SES takes one change of a rule a second. */
  #rules(): ReceiptRuleSet {
    const { settings, domain, stores } = this.#props;
    const rules = new ReceiptRuleSet(this, 'Rules', { receiptRuleSetName: settings.prefix });
    const rule = rules.addRule('CatchAll', {
      recipients: [domain],
      scanEnabled: true,
      tlsPolicy: settings.mailTls === 'require' ? TlsPolicy.REQUIRE : TlsPolicy.OPTIONAL,
      actions: [
        toBucket(stores.values, 'mail/'),
        new Lambda({ function: this.receive, invocationType: LambdaInvocationType.EVENT }),
      ],
    });
    if (stores.values.policy) rule.node.addDependency(stores.values.policy);
    // SES says yes to every address of the domain and to 40 MB; a server that can still say no to the sender does: docs/decisions/009-ask-the-function-before-saying-550.md.
    if (rule.node.defaultChild instanceof CfnResource) {
      rule.node.defaultChild.addMetadata('millrun:asks-recipients', true);
      rule.node.defaultChild.addMetadata('millrun:max-bytes', MAX_MAIL_BYTES);
    }
    return rules;
  }

  /** An account has one active rule set: this takes the place of another one if it may. */
  #activate(rules: ReceiptRuleSet): void {
    const { settings } = this.#props;
    const activate = new AppFunction(this, 'Activate', {
      settings,
      entry: 'setup/active-rule-set',
      description: 'Makes the receipt rule set the active one',
      timeout: Duration.minutes(1),
    });
    activate.allow({
      actions: ['ses:DescribeActiveReceiptRuleSet', 'ses:SetActiveReceiptRuleSet'],
      resources: ['*'],
      because: 'Which rule set is active is a setting of the account: the actions take * only.',
    });
    new CustomResource(this, 'Activation', {
      resourceType: 'Custom::ActiveReceiptRuleSet',
      serviceToken: activate.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: { RuleSet: rules.receiptRuleSetName, MayReplace: String(settings.mailReplaceActive) },
    });
  }

  #canary(): AppFunction {
    const { settings, domain, stores } = this.#props;
    const canary = new AppFunction(this, 'Canary', {
      settings,
      entry: 'timer/send-canary',
      description: 'Sends a mail to itself and sees whether it arrives',
      timeout: Duration.minutes(5),
      retryAttempts: 0,
      environment: { RETENTION_DAYS: String(settings.retentionDays), MAIL_DOMAIN: domain },
    });
    allowCanary(canary, stores);
    this.allowSending(canary);
    const owner = { workspace: settings.bootstrapWorkspace, project: settings.bootstrapProject ?? 'system' };
    this.every(canary, 'CanaryTick', Duration.minutes(this.canaryMinutes), owner);
    return canary;
  }

  /** Calls a function from time to time. */
  every(fn: AppFunction, id: string, every: Duration, input?: object): void {
    const role = new Role(this, `${id}Role`, {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    const target = new LambdaInvoke(fn, {
      role,
      deadLetterQueue: this.#props.runRecovery.undelivered,
      maxEventAge: Duration.minutes(5),
      retryAttempts: 3,
      ...(input && { input: ScheduleTargetInput.fromObject(input) }),
    });
    new Schedule(this, id, { schedule: ScheduleExpression.rate(every), target });
    acknowledgeWildcard(role, `${fn.functionArn}:*`, 'The versions of the one function it calls.');
  }

  /** Sending mail from the domain. */
  allowSending(fn: AppFunction): void {
    fn.allow({ actions: ['ses:SendRawEmail'], resources: [this.#identity.emailIdentityArn] });
  }

  /** What the owner of the domain has to write into its DNS. */
  #printRecords(): void {
    const { domain } = this.#props;
    this.#record(
      'MxRecord',
      `${domain} MX 10 inbound-smtp.${Stack.of(this).region}.amazonaws.com`,
      'Brings mail for the domain to SES',
    );
    this.#record(
      'DmarcRecord',
      `_dmarc.${domain} TXT "v=DMARC1; p=reject"`,
      'Tells others to refuse mail that only claims to be of the domain',
    );
  }

  #record(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}

/** SES stores mail in the bucket, below the prefix, and only for this account. */
function toBucket(bucket: Stores['values'], prefix: string): IReceiptRuleAction {
  bucket.addToResourcePolicy(
    new PolicyStatement({
      actions: ['s3:PutObject'],
      principals: [new ServicePrincipal('ses.amazonaws.com')],
      resources: [bucket.arnForObjects(`${prefix}*`)],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(bucket).account } },
    }),
  );
  return { bind: () => ({ s3Action: { bucketName: bucket.bucketName, objectKeyPrefix: prefix } }) };
}
