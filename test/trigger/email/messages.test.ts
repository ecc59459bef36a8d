import { expect, test } from 'vitest';
import * as z from 'zod';
import { setting } from '../../run/setting.ts';
import { type MailSender, mailSender } from './mail-sender.ts';
import { messages } from './messages.ts';

const here = setting();
let box: MailSender | undefined;
const atHome = async () => {
  box ??= await mailSender(here.cloud);
  return box;
};

test.each(messages)('over SMTP: $name', async ({ raw, sees }) => {
  const { inputs } = await (await atHome()).runOf(raw);
  expect(inputs).toMatchObject(sees);
});

test('the headers that a run sees are those of the matter alone', async () => {
  const { inputs } = await (await mailSender(here.cloud)).runOf(
    messages.find(({ name }) => name.startsWith('headers of'))?.raw ?? '',
  );
  expect(inputs).toHaveProperty('headers', { importance: 'high', 'reply-to': 'desk@example.com' });
});

test('an attachment has the hash of its bytes and the id of a file', async () => {
  const { inputs } = await (await mailSender(here.cloud)).runOf(
    messages.find(({ name }) => name === 'two files of one name')?.raw ?? '',
  );
  const { attachments } = z.object({ attachments: z.array(z.object({ file_id: z.string(), sha256: z.string() })) }).parse(inputs);
  expect(attachments[0]?.sha256).toBe('7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed');
  expect(new Set(attachments.map(({ file_id: id }) => id)).size).toBe(2);
});
