import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { dynamo } from '../../shared/aws/clients.ts';
import * as env from '../../shared/kernel/env.ts';
import { cloudInProcess } from './cloud.ts';
import { asFunction } from './granted.ts';

test('a function that asks for what its role does not allow is refused, as on AWS', async () => {
  const cloud = await cloudInProcess();
  onTestFinished(cloud.close);
  const read = () => dynamo().send(new GetItemCommand({ TableName: env.runsTable(), Key: { pk: { S: 'a' }, sk: { S: 'b' } } }));
  await expect(asFunction('functions/api/read-runs.ts', read)).resolves.toMatchObject({ $metadata: { httpStatusCode: 200 } });
  await expect(asFunction('functions/api/docs.ts', read)).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringMatching(
      /^functions\/api\/docs\.ts may not dynamodb:GetItem arn:aws:dynamodb:.*:table\/millrun-StoresRuns/,
    ),
  });
});
