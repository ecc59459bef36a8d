import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { AppFunction } from './app-function.ts';
import { removalPolicyOf, type Settings } from './settings.ts';

/** The key under which rows hold small secrets: who makes one may seal it, and only who verifies with it may open it. */
export class SecretsKey extends Key {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, {
      description: `${settings.prefix}: secrets of webhooks`,
      enableKeyRotation: true,
      removalPolicy: removalPolicyOf(settings),
    });
  }

  allowSealing(fn: AppFunction): void {
    this.#allow(fn, 'kms:Encrypt');
  }

  allowOpening(fn: AppFunction): void {
    this.#allow(fn, 'kms:Decrypt');
  }

  #allow(fn: AppFunction, action: string): void {
    fn.addEnvironment('SECRETS_KEY_ARN', this.keyArn);
    fn.allow({ actions: [action], resources: [this.keyArn] });
  }
}
