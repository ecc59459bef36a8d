import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { setting } from '../../run/setting.ts';
import { aMail, mailSender, transportTo } from './mail-sender.ts';

const here = setting();
const run = promisify(execFile);
const has = async (program: string) =>
  run(program, ['--version']).then(
    () => true,
    () => false,
  );
const portOf = (url = '') => new URL(url).port;
const [swaks, curl, python] = await Promise.all(['swaks', 'curl', 'python3'].map(has));

test('nodemailer: text, HTML, a file and an inline image', async () => {
  const box = await mailSender(here.cloud);
  const { response } = await transportTo(here.cloud).sendMail({
    from: '"Müller, Jörg" <joerg@example.com>',
    to: box.address,
    subject: 'Größe 42 – bitte prüfen',
    text: 'Grüße',
    html: '<p>Grüße <img src="cid:logo"></p>',
    attachments: [
      { filename: 'Größe.csv', content: 'a;b\n1;2\n' },
      { filename: 'logo.png', content: Buffer.from('89504e47', 'hex'), cid: 'logo' },
    ],
  });
  expect(response).toMatch(/^250 /);
  const [delivery] = await box.deliveriesOnce(1);
  const { inputs } = await box.api.run(delivery?.run_id ?? '');
  expect(inputs).toMatchObject({ subject: 'Größe 42 – bitte prüfen', from: { name: 'Müller, Jörg' }, text: 'Grüße\n' });
  expect(inputs).toHaveProperty(
    'attachments',
    expect.arrayContaining([
      expect.objectContaining({ name: 'Größe.csv', size: 8, inline: false }),
      expect.objectContaining({ name: 'logo.png', content_id: 'logo', inline: true }),
    ]),
  );
});

test.skipIf(!swaks)('swaks', async () => {
  const box = await mailSender(here.cloud);
  const server = ['--server', `127.0.0.1:${portOf(here.cloud.smtpUrl)}`, '--from', 'ada@example.com'];
  const { stdout } = await run('swaks', [
    ...server,
    '--to',
    box.address,
    '--header',
    'Subject: by swaks',
    '--body',
    'hello',
    '--attach-type',
    'text/plain',
    '--attach-name',
    'a.txt',
    '--attach',
    'abc',
  ]);
  expect(stdout).toMatch(/250 OK [0-9a-f]+/);
  const [delivery] = await box.deliveriesOnce(1);
  expect((await box.api.run(delivery?.run_id ?? '')).inputs).toMatchObject({
    subject: 'by swaks',
    attachments: [{ name: 'a.txt' }],
  });
  await expect(run('swaks', [...server, '--to', 'nobody@mail.localhost'])).rejects.toMatchObject({
    stdout: expect.stringContaining('550 '),
  });
});

test.skipIf(!curl)('curl', async () => {
  const box = await mailSender(here.cloud);
  const folder = mkdtempSync(join(tmpdir(), 'millrun-curl-'));
  writeFileSync(join(folder, 'mail'), aMail({ Subject: 'by curl' }));
  await run('curl', [
    '-sS',
    here.cloud.smtpUrl ?? '',
    '--mail-from',
    'ada@example.com',
    '--mail-rcpt',
    box.address,
    '--upload-file',
    join(folder, 'mail'),
  ]);
  rmSync(folder, { recursive: true });
  const [delivery] = await box.deliveriesOnce(1);
  expect((await box.api.run(delivery?.run_id ?? '')).reference).toBe('by curl');
});

test.skipIf(!python)('the standard library of Python', async () => {
  const box = await mailSender(here.cloud);
  const script = `
import smtplib, sys
from email.message import EmailMessage
mail = EmailMessage()
mail['From'], mail['To'], mail['Subject'] = 'Ada <ada@example.com>', sys.argv[2], 'by Python \\u00e4'
mail.set_content('Gr\\u00fc\\u00dfe')
mail.add_attachment(b'abc', maintype='application', subtype='pdf', filename='gr\\u00fc\\u00dfe.pdf')
with smtplib.SMTP('127.0.0.1', int(sys.argv[1])) as server: server.send_message(mail)
`;
  await run('python3', ['-c', script, portOf(here.cloud.smtpUrl), box.address]);
  const [delivery] = await box.deliveriesOnce(1);
  expect((await box.api.run(delivery?.run_id ?? '')).inputs).toMatchObject({
    subject: 'by Python ä',
    attachments: [{ name: 'grüße.pdf', size: 3 }],
  });
});
