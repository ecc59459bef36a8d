import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { beforeAll, expect, test } from 'vitest';
import { fieldsOf } from '../../shared/run/store/row-text.dynamo.ts';
import { wrap } from '../harness/granted.ts';
import { setting } from '../run/setting.ts';
import { aMail, mailSender } from '../trigger/email/mail-sender.ts';

const place = setting();

/**
 * The files of ours that are on the stack when a function calls AWS: from its handler to the adapter that makes the call. What one of them has called and had
 * an answer from by then, a check or a preparation, is not on it.
 */
interface Trail {
  files: string[];
  sent: string;
  answered: string;
}

const HANDLER = /^functions\//;
/** Behind it is how AWS is called, not what is done: conditions, repetitions. */
const ADAPTER = /\.(dynamo|s3|sfn|ses)\.ts$/;

const trails: Trail[] = [];

beforeAll(() => {
  Error.stackTraceLimit = Number.POSITIVE_INFINITY;
  for (const { prototype } of [DynamoDBClient, S3Client, SFNClient])
    wrap(prototype, 'send', async (send, command: { input: unknown }, ...rest) => {
      const trail = { files: filesOn(new Error().stack ?? ''), sent: textOf(command.input), answered: '' };
      trails.push(trail);
      const answer = await send(command, ...rest);
      trail.answered = textOf(answer);
      return answer;
    });
});

function filesOn(stack: string): string[] {
  const inner = [...stack.matchAll(/\/((?:functions|shared)\/[^\s:)]+\.ts)/g)].map(([, file]) => String(file));
  const outer = inner.reverse().filter((file, at, all) => file !== all[at - 1]);
  const upTo = outer.findIndex((file) => ADAPTER.test(file)) + 1;
  return outer.slice(
    Math.max(
      0,
      outer.findIndex((file) => HANDLER.test(file)),
    ),
    upTo || undefined,
  );
}

/** Of an object in S3 nothing: it is a stream. Of rows what is packed in them. */
const textOf = (value: unknown) =>
  JSON.stringify(value, (key, inner) => {
    if (key === 'Body' || key === '$metadata') return undefined;
    return key === 'text' && inner?.B ? fieldsOf(inner) : inner;
  }) ?? '';

const from = (handler: string) => trails.filter(({ files }) => files[0] === handler);

const twiceIn = (files: string[]) => files.filter((file, at) => files.indexOf(file) !== at);

function show(what: string, files: string[]): void {
  console.log(`${what} pass ${files.length} files:\n  ${files.join('\n  ')}`);
}

test('the inputs of a start pass six files at most between its handler and the driver, and none twice', async () => {
  const order = 'order-4711';
  const workflow = await place.api.publish({ steps: [{ id: 'seen', set: { order: '${ $input.order }' } }] });
  const { id } = await place.api.start(workflow, { order });
  await place.api.ended(id);

  const starting = from('functions/api/start-runs.ts');
  const driving = from('functions/worker/drive-run.ts');
  const [written] = starting.filter(({ sent }) => sent.includes(order));
  const [read] = driving.filter(({ answered }) => answered.includes(order));
  const way = [...(written?.files ?? []), ...(read?.files ?? []).toReversed()].filter((file, at, all) => file !== all[at - 1]);
  show('The inputs of a start', way);
  expect(way).toEqual(
    expect.arrayContaining(['functions/api/start-runs.ts', 'shared/run/store/run.dynamo.ts', 'shared/run/drive/drive.ts']),
  );
  expect(way.length).toBeLessThanOrEqual(6);
  expect(twiceIn(way)).toEqual([]);
  for (const { files } of [...starting, ...driving]) expect(twiceIn(files)).toEqual([]);
});

test('a mail becomes a run within six files, and nothing on the way goes back into a file it has left', async () => {
  const subject = 'mail-4711';
  const box = await mailSender(place.cloud);
  await box.send(aMail({ Subject: subject }));
  await expect.poll(() => box.deliveries()).toMatchObject([{ outcome: 'accepted' }]);

  const receiving = from('functions/mail/receive-mail.ts');
  const [written] = receiving.filter(({ sent }) => sent.includes(subject));
  const way = written?.files ?? [];
  show('A mail and its run', way);
  expect(way.at(-1)).toBe('shared/run/store/run.dynamo.ts');
  expect(way.length).toBeLessThanOrEqual(6);
  for (const { files } of receiving) expect(twiceIn(files)).toEqual([]);
});
