import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { howMany } from '../../harness/how-many.ts';
import { MillrunProcess } from '../../harness/millrun-process.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { aMail, mailSender, transportTo } from './mail-sender.ts';

const MAILS = howMany('LARGE_MAILS', 2);
/** Three of them take some 150 MiB, and eight 230; without a limit of bytes it was 440 and 960. */
const MOST_MIB = 330;

const mibOf = (pid = 0) => Number(execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`])) / 1024;

test(`${MAILS} mails of 24 MB at once are handled in the memory of one`, { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const cloud = new MillrunProcess({ dataDir: folder.path });
  onTestFinished(async () => {
    await cloud.end();
    folder.remove();
  });
  const { api, smtp } = await cloud.ready;
  const place = { url: api, smtpUrl: smtp };
  const box = await mailSender(place);
  const file = `${Buffer.alloc(57, 'x').toString('base64')}\r\n`.repeat(300_000);
  const mails = Array.from({ length: MAILS }, (_, n) =>
    Buffer.from(
      aMail({ Subject: `Large ${n}`, 'Content-Type': 'application/octet-stream', 'Content-Transfer-Encoding': 'base64' }, file),
    ),
  );
  const transport = transportTo(place, { maxConnections: MAILS });
  const before = mibOf(cloud.pid);
  let peak = before;
  const envelope = { from: 'ada@example.com', to: box.address };
  const sending = Promise.all(mails.map((raw) => transport.sendMail({ envelope, raw })));
  let answered = 0;
  do {
    await sleep(100);
    peak = Math.max(peak, mibOf(cloud.pid));
    answered = (await box.deliveries()).length;
  } while (answered < MAILS);
  await sending;
  transport.close();
  expect(peak - before).toBeLessThan(MOST_MIB);
});
