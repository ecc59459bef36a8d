import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { AwsError } from '../aws/aws-error.ts';
import type { JsonOperations } from '../aws/json-protocol.ts';
import type { Stack } from '../cloudformation/stack.ts';
import type { Usage } from '../usage/usage.ts';

const stored = z.record(z.string(), z.object({ value: z.string(), versionId: z.string(), changedMs: z.number() }));
type Stored = z.infer<typeof stored>;

const properties = z.object({
  Name: z.string().optional(),
  Description: z.string().optional(),
  SecretString: z.string().optional(),
  GenerateSecretString: z.looseObject({ PasswordLength: z.number().default(32) }).optional(),
});

const one = z.object({ SecretId: z.string() });
const put = z.object({ SecretId: z.string(), SecretString: z.string() });

/** Secrets Manager for the secrets of the stack, kept in one file. A generated secret has the value it is given here. */
export class Secrets {
  readonly #path: string;
  readonly #usage: Usage['secrets'];
  readonly #declared: Map<string, z.infer<typeof properties>>;
  #values: Stored;

  constructor(stack: Stack, { path, generated, usage }: { path: string; generated: string; usage: Usage['secrets'] }) {
    this.#path = path;
    this.#usage = usage;
    this.#declared = new Map(
      stack.ofType('AWS::SecretsManager::Secret').map((resource) => [resource.name, properties.parse(resource.properties)]),
    );
    this.#values = existsSync(path) ? stored.parse(JSON.parse(readFileSync(path, 'utf8'))) : {};
    for (const [arn, { SecretString, GenerateSecretString }] of this.#declared) {
      const value = SecretString ?? (GenerateSecretString ? generated : undefined);
      if (value !== undefined && this.#values[arn]?.value !== value) this.#write(arn, value);
    }
  }

  get operations(): JsonOperations {
    const counted = (operation: (input: unknown) => unknown) => (input: unknown) => {
      this.#usage.requests += 1;
      return operation(input);
    };
    return {
      GetSecretValue: counted((input) => {
        const arn = this.#find(one.parse(input).SecretId);
        const { value, versionId, changedMs } = this.#valueOf(arn);
        return {
          ARN: arn,
          Name: nameOf(arn),
          VersionId: versionId,
          VersionStages: ['AWSCURRENT'],
          SecretString: value,
          CreatedDate: changedMs / 1000,
        };
      }),
      PutSecretValue: counted((input) => {
        const { SecretId, SecretString } = put.parse(input);
        const arn = this.#find(SecretId);
        return { ARN: arn, Name: nameOf(arn), VersionId: this.#write(arn, SecretString), VersionStages: ['AWSCURRENT'] };
      }),
      DescribeSecret: counted((input) => this.#described(this.#find(one.parse(input).SecretId))),
      ListSecrets: counted(() => ({ SecretList: [...this.#declared.keys()].map((arn) => this.#described(arn)) })),
    };
  }

  #find(id: string): string {
    const arn = [...this.#declared.keys()].find((known) => known === id || nameOf(known) === id);
    if (!arn) throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    return arn;
  }

  #valueOf(arn: string): Stored[string] {
    const value = this.#values[arn];
    if (!value)
      throw new AwsError(
        'ResourceNotFoundException',
        "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
      );
    return value;
  }

  #described(arn: string) {
    return {
      ARN: arn,
      Name: nameOf(arn),
      Description: this.#declared.get(arn)?.Description,
      LastChangedDate: (this.#values[arn]?.changedMs ?? 0) / 1000,
    };
  }

  #write(arn: string, value: string): string {
    const versionId = randomUUID();
    this.#values = { ...this.#values, [arn]: { value, versionId, changedMs: Date.now() } };
    const temporary = `${this.#path}.${randomBytes(4).toString('hex')}`;
    writeFileSync(temporary, JSON.stringify(this.#values), { mode: 0o600 });
    renameSync(temporary, this.#path);
    return versionId;
  }
}

function nameOf(arn: string): string {
  return arn.split(':secret:')[1] ?? arn;
}
