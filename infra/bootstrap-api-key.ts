import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { CustomResource, Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { AppFunction } from './app-function.ts';
import type { AppTable } from './app-table.ts';
import { removalPolicyOf, type Settings } from './settings.ts';

export interface BootstrapApiKeyProps {
  readonly settings: Settings;
  readonly access: AppTable;
}

/** The admin key an owner begins with: CloudFormation makes it up, we keep its hash, and nobody sees it but who may read the secret. */
export class BootstrapApiKey extends Construct {
  readonly secret: Secret;

  constructor(scope: Construct, id: string, { settings, access }: BootstrapApiKeyProps) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      description: `The first API key of ${settings.prefix}`,
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
      removalPolicy: removalPolicyOf(settings),
    });
    acknowledge(this.secret, 'SMG4', 'Rotation is making a key of your own with this one and revoking this one.');

    const register = new AppFunction(this, 'Register', {
      settings,
      entry: 'setup/bootstrap-api-key',
      description: 'Registers the first API key when the stack is deployed',
      timeout: Duration.minutes(1),
    });
    register.allow({ actions: ['secretsmanager:GetSecretValue'], resources: [this.secret.secretArn] });
    access.allow(register, ['GetItem', 'PutItem']);

    new CustomResource(this, 'Registration', {
      resourceType: 'Custom::BootstrapApiKey',
      serviceToken: register.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: {
        Secret: this.secret.secretArn,
        Workspace: settings.bootstrapWorkspace,
        ...(settings.bootstrapProject && { Project: settings.bootstrapProject }),
      },
    });
  }
}
