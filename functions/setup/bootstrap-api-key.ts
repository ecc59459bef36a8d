import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import * as z from 'zod';
import { DynamoKeys } from '../../shared/access/key.dynamo.ts';
import { hashOf } from '../../shared/access/key.ts';
import { dynamo } from '../../shared/aws/clients.ts';
import { asCustomResource } from '../../shared/aws/custom-resource.ts';
import { observed } from '../../shared/aws/observe.ts';
import * as env from '../../shared/kernel/env.ts';
import { newId } from '../../shared/kernel/id.ts';

const properties = z.object({ Secret: z.string(), Workspace: z.string(), Project: z.string().optional() });

/** Registers the generated secret as the first admin key. The key stands in Secrets Manager alone; the table has its hash. */
async function registerBootstrapApiKey(event: CloudFormationCustomResourceEvent): Promise<void> {
  await asCustomResource(event, `first-key-${String(event.ResourceProperties['Workspace'])}`, async () => {
    if (event.RequestType !== 'Delete') await register(properties.parse(event.ResourceProperties));
    return undefined;
  });
}

async function register({ Secret, Workspace, Project }: z.infer<typeof properties>): Promise<void> {
  const { SecretString } = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: Secret }));
  if (!SecretString) throw new Error('The secret of the first key is empty.');
  const keys = new DynamoKeys(dynamo, env.accessTable());
  const hash = hashOf(SecretString);
  if (await keys.byHash(hash)) return;
  const project = Project === undefined || Project === '' ? {} : { project: Project };
  await keys.put({
    id: newId(),
    hash,
    workspace: Workspace,
    ...project,
    name: 'first key',
    role: 'admin',
    createdAt: new Date().toISOString(),
  });
}

export const handler = middy(registerBootstrapApiKey).use(observed());
