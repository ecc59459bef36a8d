import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { AppFunction, Permission } from './app-function.ts';
import { removalPolicyOf, type Settings } from './settings.ts';

/** The key under which rows hold small secrets, and links say whom they are for: who makes one may seal it, and only who verifies with it may open it. */
export class SecretsKey extends Key {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, {
      description: `${settings.prefix}: secrets of webhooks and connections`,
      enableKeyRotation: true,
      removalPolicy: removalPolicyOf(settings),
    });
  }

  allowSealing(fn: AppFunction): void {
    this.#allow(fn, 'kms:Encrypt');
  }

  /** Secrets of one kind of thing: what each is bound to says whose it is. */
  allowOpening(fn: AppFunction, owner: 'webhook' | 'connection' | 'task' | 'subscription'): void {
    this.#allow(fn, 'kms:Decrypt', { Null: { [`kms:EncryptionContext:${owner}`]: 'false' } });
  }

  #allow(fn: AppFunction, action: string, conditions?: Permission['conditions']): void {
    fn.addEnvironment('SECRETS_KEY_ARN', this.keyArn);
    fn.allow({ actions: [action], resources: [this.keyArn], ...(conditions && { conditions }) });
  }
}
