import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  CfnFunction,
  type FunctionOptions,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge.ts';
import { bundled } from './bundling.ts';
import { removalPolicyOf, type Settings } from './settings.ts';

export interface AppFunctionProps
  extends Pick<FunctionOptions, 'functionName' | 'environment' | 'timeout' | 'deadLetterQueue' | 'retryAttempts'> {
  readonly settings: Settings;
  /** Path of the entry below functions/, without its extension. */
  readonly entry: string;
  readonly description: string;
  /** Calls at a time: as many are kept free for it, and more are refused. No bound and no reserve when absent. */
  readonly concurrency?: number | undefined;
  /** Puts what it serves beside its code. */
  readonly addFiles?: ((folder: string) => void) | undefined;
}

export interface Permission {
  readonly actions: string[];
  readonly resources: string[];
  /** When it holds, as IAM writes conditions. */
  readonly conditions?: Record<string, Record<string, string>>;
  /** Needed when a resource ends in a wildcard: why it cannot be named. */
  readonly because?: string;
}

/** A function of ours: one entry of functions/, a role that may only what it is allowed, a log group that forgets. */
export class AppFunction extends LambdaFunction {
  readonly logs: LogGroup;
  readonly #role: Role;
  readonly #grants: PolicyDocument;

  constructor(
    scope: Construct,
    id: string,
    { settings, entry, concurrency, environment = {}, addFiles, ...options }: AppFunctionProps,
  ) {
    // Within the role: a policy of its own would be one resource more for each function, and a stack has 500 at most.
    const grants = new PolicyDocument();
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { grants },
    });
    const logs = new LogGroup(scope, `${id}Log`, {
      retention: settings.logRetentionDays,
      removalPolicy: removalPolicyOf(settings),
    });

    super(scope, id, {
      timeout: Duration.seconds(29),
      ...options,
      ...(concurrency !== undefined && { reservedConcurrentExecutions: concurrency }),
      memorySize: 512,
      code: bundled(entry, addFiles),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      role,
      logGroup: logs,
      // What Lambda says of every invocation that goes well is in its metrics, and would be a third of the bytes of a run.
      loggingFormat: LoggingFormat.JSON,
      systemLogLevelV2: SystemLogLevel.WARN,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: settings.prefix,
        POWERTOOLS_METRICS_NAMESPACE: 'Millrun',
        POWERTOOLS_LOG_LEVEL: 'INFO',
        ...environment,
      },
    });

    this.logs = logs;
    this.#role = role;
    this.#grants = grants;
    this.allow({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logs.logGroupArn] });
    const resource = this.node.defaultChild;
    if (!(resource instanceof CfnFunction)) return;
    // The embedded cloud imports handlers from source and finds them here.
    resource.addMetadata('millrun:entry', `functions/${entry}.ts`);
    if (settings.tracing) this.#trace(resource);
  }

  /** As `tracing` would, which makes a policy beside the role. */
  #trace(resource: CfnFunction): void {
    resource.tracingConfig = { mode: 'Active' };
    this.allow({
      actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
      resources: ['*'],
      because: 'X-Ray knows no resources: its two write actions take * only.',
    });
  }

  allow({ actions, resources, because, conditions }: Permission): void {
    this.#grants.addStatements(new PolicyStatement({ actions, resources, ...(conditions && { conditions }) }));
    for (const resource of because ? resources : []) acknowledgeWildcard(this.#role, resource, because ?? '');
  }
}
