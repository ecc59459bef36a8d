import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { setting } from '../../run/setting.ts';
import { aMail, mailSender } from './mail-sender.ts';

const here = setting();

/** What some servers take for the end of a mail and others do not. */
const ENDINGS = ['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r.\r\n', '\r\n.\r', '\n.\r', '\r\n\0.\r\n', '\r\n.\0\r\n'];

/** Sends a mail as bytes, without a client that would mend it. */
async function sendBytes(to: string, bytes: string): Promise<void> {
  const { hostname, port } = new URL(here.cloud.smtpUrl ?? '');
  const socket = connect(Number(port), hostname);
  await once(socket, 'data');
  const lines = ['EHLO relay.example\r\n', 'MAIL FROM:<ada@example.com>\r\n', `RCPT TO:<${to}>\r\n`, 'DATA\r\n', bytes];
  for (const line of lines) {
    socket.write(line, 'latin1');
    await once(socket, 'data');
  }
  socket.destroy();
}

test('only CR LF dot CR LF ends a mail: what follows anything else is text of the first, not a mail of its own', async () => {
  const box = await mailSender(here.cloud);
  const smuggled = aMail({ From: 'victim@example.com', Subject: 'smuggled' });
  const commands = `MAIL FROM:<victim@example.com>\r\nRCPT TO:<${box.address}>\r\nDATA\r\n${smuggled}`;
  for (const [n, ending] of ENDINGS.entries())
    await sendBytes(box.address, `${aMail({ Subject: `mail ${n}` }, 'Good morning.')}${ending}${commands}\r\n.\r\n`);
  await box.deliveriesOnce(ENDINGS.length);
  await box.deliver(aMail({ Subject: 'the last one' }));

  const deliveries = await box.deliveries();
  const runs = await Promise.all(deliveries.map(({ run_id: run }) => box.api.run(run ?? '')));
  const subjects = ENDINGS.map((_, n) => `mail ${n}`);
  expect(runs.map(({ reference }) => reference).toSorted()).toEqual([...subjects, 'the last one']);
  const whole = { text: expect.stringMatching(/Good morning[\s\S]*MAIL FROM[\s\S]*Subject: smuggled/) };
  for (const run of runs.filter(({ reference }) => reference !== 'the last one')) expect(run.inputs).toMatchObject(whole);
});
