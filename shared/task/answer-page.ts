import { createHash } from 'node:crypto';
import { FIELD, type Field, fieldsOf } from './form-fields.ts';
import { DECISIONS_OF, type TaskRow } from './task.ts';

/** What a page shows of a question. */
export interface Shown {
  task: TaskRow;
  email: string;
  body?: string | undefined;
  form?: Record<string, unknown> | undefined;
  /** What was filled in before, and what was wrong with it. */
  given?: URLSearchParams | undefined;
  problem?: string | undefined;
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 40rem; margin: 0 auto; padding: 2rem 1rem }
h1 { font-size: 1.4rem; line-height: 1.3; overflow-wrap: anywhere }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; color: GrayText }
dd { margin: 0; overflow-wrap: anywhere }
label { display: block; margin-top: 1rem; font-weight: 600 }
label.yes { font-weight: 400 }
small { display: block; font-weight: 400; color: GrayText }
input:not([type=checkbox]), select, textarea { box-sizing: border-box; width: 100%; padding: .5rem; font: inherit }
button { margin: 1.5rem .75rem 0 0; padding: .6rem 1.4rem; font: inherit; cursor: pointer }
[role=alert] { border-left: 4px solid #c00; padding: .5rem 1rem }
`;

/** Nothing is loaded, nothing runs, and the form goes back to where it came from. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const WORDS = { approve: 'Approve', reject: 'Reject', retry: 'Try again', skip: 'Skip the step', fail: 'Let it fail' } as const;

/** The question, with a form that answers it. Only a POST does. */
export function questionPage(shown: Shown): string {
  const { task, email, form, given, problem } = shown;
  const buttons = DECISIONS_OF[task.kind].map(
    (decision) => `<button name="decision" value="${decision}">${WORDS[decision]}</button>`,
  );
  return page(
    task.title,
    `${problem === undefined ? '' : `<p role="alert">${safe(problem)}</p>`}
${about(shown)}
<form method="post">
${(task.kind === 'approval' ? fieldsOf(form) : []).map((field) => input(field, given)).join('\n')}
<label>Comment<textarea name="comment" rows="3" maxlength="4000">${safe(given?.get('comment') ?? '')}</textarea></label>
${buttons.join('\n')}
</form>
<p><small>You answer as ${safe(email)}.</small></p>`,
  );
}

/** How the task stands that is open no more. */
export function closedPage(shown: Shown): string {
  const { status, decision, answeredBy, comment, closedAt } = shown.task;
  const how =
    status === 'answered' && decision
      ? `${safe(answeredBy?.email ?? answeredBy?.name ?? '')} answered “${WORDS[decision]}”`
      : status === 'expired'
        ? 'The time for an answer is over'
        : 'Nobody needs an answer any more';
  const said = comment === undefined ? '' : `<pre>${safe(comment)}</pre>`;
  return page(
    shown.task.title,
    `<p><strong>${how}${closedAt ? `, ${safe(closedAt)}` : ''}.</strong></p>${said}\n${about(shown)}`,
  );
}

/** Why there is nothing to answer. */
export const noQuestionPage = (why: string): string => page('There is nothing to answer here', `<p>${safe(why)}</p>`);

function about({ task, body }: Shown): string {
  const { workflowName, runName, reference, error, expiresAt } = task;
  const facts = Object.entries({
    Workflow: workflowName,
    Run: runName,
    Reference: reference,
    Until: task.status === 'open' ? expiresAt : undefined,
  });
  const list = facts.flatMap(([name, value]) => (value === undefined ? [] : [`<dt>${name}</dt><dd>${safe(value)}</dd>`]));
  return `${body === undefined ? '' : `<pre>${safe(body)}</pre>`}
${error ? `<pre><strong>${safe(error.name)}</strong>: ${safe(error.message)}</pre>` : ''}
<dl>${list.join('')}</dl>`;
}

function input(field: Field, given: URLSearchParams | undefined): string {
  const { name, label, hint, isRequired } = field;
  const value = given ? given.get(FIELD + name) : (field.preset ?? null);
  const as = `name="${safe(FIELD + name)}"`;
  const words = `${safe(label)}${isRequired ? ' *' : ''}${hint === undefined ? '' : `<small>${safe(hint)}</small>`}`;
  switch (field.kind) {
    case 'yes or no':
      return `<label class="yes"><input type="checkbox" ${as} value="true"${given ? (value === null ? '' : ' checked') : value === 'true' ? ' checked' : ''}> ${words}</label>`;
    case 'choice': {
      const options = field.options.map(
        (one) => `<option${one === value ? ' selected' : ''} value="${safe(one)}">${safe(one)}</option>`,
      );
      return `<label>${words}<select ${as}><option value=""></option>${options.join('')}</select></label>`;
    }
    case 'number':
      return `<label>${words}<input ${as} inputmode="decimal" value="${safe(value ?? '')}"></label>`;
    case 'json':
      return `<label>${words}<small>as JSON</small><textarea ${as} rows="4" spellcheck="false">${safe(value ?? '')}</textarea></label>`;
    default:
      return `<label>${words}<input ${as} value="${safe(value ?? '')}"></label>`;
  }
}

const page = (title: string, content: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${safe(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${safe(title)}</h1>
${content}
</body>
</html>
`;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const safe = (text: string) => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
