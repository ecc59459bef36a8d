import '../../harness/quiet.ts';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { emailServices } from '../../../functions/adapters.ts';
import { takeMail } from '../../../functions/mail/receive-mail.ts';
import { s3 } from '../../../shared/aws/clients.ts';
import * as env from '../../../shared/kernel/env.ts';
import { sesRecord } from '../../../shared/trigger/email/arrival.ts';
import { setting } from '../../run/setting.ts';
import { documented } from './documented-event.ts';
import { type MailSender, mailSender } from './mail-sender.ts';

const here = setting();

/** What SES does on AWS: it stores the mail as it came, then calls the function with its record. */
async function deliver(box: MailSender, messageId: string, wanted: (header: { name: string; value: string }) => boolean) {
  const { mail, receipt } = documented();
  const headers = mail.headers.filter(wanted);
  const raw = `${headers.map(({ name, value }) => `${name}: ${value}`).join('\r\n')}\r\n\r\nHello\r\n`;
  await s3().send(new PutObjectCommand({ Bucket: env.valuesBucket(), Key: `mail/${messageId}`, Body: raw }));
  const record = { ses: { mail: { ...mail, messageId, headers }, receipt: { ...receipt, recipients: [box.address] } } };
  await takeMail({ Records: [sesRecord.parse(record)] }, emailServices());
  return (await box.deliveries()).find(({ payload }) => payload === `mail/${messageId}`);
}

test('the event of the SES documentation goes through the mail handler: as a bulk mail it is turned away, without that header it starts a run', async () => {
  const box = await mailSender(here.cloud);
  const bulk = await deliver(box, 'documented-bulk', () => true);
  expect(bulk).toMatchObject({ trigger: 'email', outcome: 'rejected', reason: expect.stringMatching(/bulk/i), run_id: null });

  const plain = await deliver(box, 'documented-plain', ({ name }) => name !== 'Precedence' && name !== 'Message-ID');
  expect(plain).toMatchObject({ outcome: 'accepted', run_id: expect.any(String) });
});
