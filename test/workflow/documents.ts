import { checkDocument } from '../../shared/workflow/check.ts';
import type { Diagnostic } from '../../shared/workflow/diagnostic.ts';
import type { Plan } from '../../shared/workflow/plan.ts';

type Parts = Record<string, unknown> & { steps: unknown[] };

/** A document with these parts, as text. */
export function aDocument(parts: Parts): string {
  return JSON.stringify({ format: 1, name: 'test', ...parts }, null, 2);
}

/** A `set` step: the smallest there is. */
export function aStep(id: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { id, set: {}, ...more };
}

export function planOfSteps(...steps: unknown[]): Plan {
  const checked = checkDocument(aDocument({ steps }));
  if (!checked.ok) throw new Error(messagesOf(checked.diagnostics).join('\n'));
  return checked.plan;
}

export function messagesOf(diagnostics: Diagnostic[]): string[] {
  return diagnostics.map(({ message }) => message);
}

/** What is said about a document: errors and warnings. */
export function said(text: string): string[] {
  const checked = checkDocument(text);
  return messagesOf(checked.ok ? checked.warnings : checked.diagnostics);
}

export function saidOf(...steps: unknown[]): string[] {
  return said(aDocument({ steps }));
}
