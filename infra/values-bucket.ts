import { BlockPublicAccess, Bucket, BucketEncryption, HttpMethods } from 'aws-cdk-lib/aws-s3';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { AppFunction } from './app-function.ts';
import { removalPolicyOf, type Settings } from './settings.ts';

/** Rows are removed up to two days late; what they point to must not go before them. */
const graceDays = 30;

/** The values of a run go with its row. What no row knows of any more, or a legal hold keeps, is here for that long. */
const valuesDays = 3650;

/**
 * Values too large for their row, and files.
 * Not versioned: an object is written once under a name of its own, so an old version could only be one that was meant to be gone.
 */
export class ValuesBucket extends Bucket {
  constructor(scope: Construct, id: string, settings: Settings) {
    // It may come while a run lives, which may be as long as the retention, and is kept for the retention after its end.
    const longest = 2 * settings.retentionDays + graceDays;
    super(scope, id, {
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      versioned: false,
      // Browsers upload to it and download from it with what the API has signed.
      ...(settings.corsOrigins.length > 0 && {
        cors: [
          {
            allowedOrigins: settings.corsOrigins,
            allowedMethods: [HttpMethods.GET, HttpMethods.HEAD, HttpMethods.POST],
            allowedHeaders: ['*'],
            exposedHeaders: ['etag'],
            maxAge: 3600,
          },
        ],
      }),
      lifecycleRules: [
        { id: 'uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
        { id: 'values', prefix: 'runs/', expiration: Duration.days(Math.max(valuesDays, longest)) },
        ...['files/', 'deliveries/', 'mail-metadata/'].map((prefix) => ({
          id: prefix.slice(0, -1),
          prefix,
          expiration: Duration.days(longest),
        })),
        // Copies that links lead to, each for minutes.
        { id: 'views', prefix: 'views/', expiration: Duration.days(1) },
      ],
      autoDeleteObjects: settings.removal === 'destroy',
      removalPolicy: removalPolicyOf(settings),
    });
    acknowledge(
      this,
      'S1',
      'Only our functions read it, each under its own role; who wants an audit switches on CloudTrail data events.',
    );
  }

  allowLists(fn: AppFunction): void {
    fn.allow({ actions: ['s3:ListBucket'], resources: [this.bucketArn] });
  }

  allowReads(reader: AppFunction): void {
    // Without it S3 says of what is not there that it is forbidden.
    this.allowLists(reader);
    this.#allow(reader, ['s3:GetObject']);
  }

  allowWrites(writer: AppFunction): void {
    this.#allow(writer, ['s3:PutObject']);
  }

  /** Writing copies of values for links to lead to. */
  allowViews(fn: AppFunction): void {
    fn.allow({
      actions: ['s3:PutObject'],
      resources: [this.arnForObjects('views/*')],
      because: 'Copies are named by run and value while runs run.',
    });
  }

  allowDeletes(fn: AppFunction): void {
    this.#allow(fn, ['s3:DeleteObject']);
  }

  #allow(grantee: AppFunction, actions: string[]): void {
    grantee.addEnvironment('VALUES_BUCKET', this.bucketName);
    grantee.allow({
      actions,
      resources: [this.arnForObjects('*')],
      because: 'Objects are named by run and value while runs run.',
    });
  }
}
