import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import MailComposer from 'nodemailer/lib/mail-composer';
import { StepError } from '../../kernel/step-error.ts';
import type { EmailSpec } from '../../step/email.ts';
import type { LeafContext, StepFile } from '../../step/kind.ts';

/** What SES takes, and hardly a mail server takes more: attachments grow by a third on their way. */
const MOST_BYTES = 10 * 1024 * 1024;
const MOST_FILE_BYTES = 7 * 1024 * 1024;

const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

/** The id of the one mail of a step of a run: whoever gets it twice can tell. */
export const messageIdOf = ({ runId, stepKey }: Pick<LeafContext, 'runId' | 'stepKey'>, from: string) => {
  const digest = createHash('sha256').update(`${runId} ${stepKey}`).digest('hex').slice(0, 24);
  return `<${runId}.${digest}@${from.slice(from.lastIndexOf('@') + 1)}>`;
};

/** The mail as it goes out. Throws `InputInvalid` for one that is too large, `FileUnavailable`. */
export async function composedMail(spec: EmailSpec, from: string, context: LeafContext): Promise<Buffer> {
  const files = await Promise.all(spec.attachments.map((id) => context.files.read(id)));
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MOST_FILE_BYTES) throw tooLarge(`The attachments have ${bytes} bytes`, MOST_FILE_BYTES);
  const raw = await new MailComposer({
    from,
    to: spec.to,
    cc: spec.cc,
    replyTo: spec.reply_to,
    subject: spec.subject,
    messageId: messageIdOf(context, from),
    date: context.now(),
    ...(spec.text && { text: spec.text }),
    ...(spec.html && { html: spec.html }),
    attachments: await Promise.all(files.map(attachmentOf)),
    headers: {
      // Machines that answer mail do not answer this one.
      'Auto-Submitted': 'auto-generated',
      // SES gives every mail an id of its own in the place of ours.
      'X-Millrun-Step': `${context.runId}/${context.stepKey}`,
    },
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build();
  if (raw.length > MOST_BYTES) throw tooLarge(`The mail has ${raw.length} bytes`, MOST_BYTES);
  return raw;
}

const tooLarge = (what: string, most: number) =>
  new StepError('InputInvalid', `${what}; ${most} are the most that a mail may have. Send a link instead.`);

const attachmentOf = async ({ name, type, open }: StepFile) => ({
  filename: name,
  content: await buffer(await open()),
  contentType: MEDIA_TYPE.test(type) ? type : 'application/octet-stream',
});
