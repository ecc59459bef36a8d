import { firstWords } from '../kernel/words.ts';
import type { TaskRow } from './task.ts';

const BODY_CHARS = 8_000;

/** What a mail says that asks about a task. */
export function mailAbout(task: TaskRow, body: string | undefined, { address, link }: { address: string; link: string }) {
  const { title, workflowName, runId, runName, reference, error, expiresAt, kind } = task;
  const text = [
    title,
    body && firstWords(body, BODY_CHARS),
    error && `${error.name}: ${firstWords(error.message, BODY_CHARS)}`,
    [`Workflow: ${workflowName}`, `Run: ${runName} (${runId})`, reference && `Reference: ${reference}`]
      .filter(Boolean)
      .join('\n'),
    `${kind === 'approval' ? 'Approve or reject' : 'Say what becomes of it'}${expiresAt === undefined ? '' : `, until ${expiresAt}`}:\n${link}`,
    `The link answers in the name of ${address}. Do not pass it on.`,
  ];
  return { subject: `[${workflowName}] ${title}`, text: text.filter(Boolean).join('\n\n') };
}
