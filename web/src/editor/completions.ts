import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { kindNames } from './words.ts';

interface Known {
  steps: readonly string[];
  inputs: readonly string[];
  workflows: readonly string[];
}

const DOCUMENT_KEYS = [
  'format',
  'name',
  'title',
  'description',
  'input',
  'reference',
  'runIf',
  'timeout',
  'concurrency',
  'connections',
  'steps',
  'output',
];
const STEP_KEYS = ['id', 'title', 'if', 'needs', 'retry', 'catch', 'timeout', 'output', 'repeatable', ...kindNames];
const ROOTS = ['$input', '$steps', '$run', '$error', '$last'];

const offer = (from: number, words: readonly string[], type: string, suffix = ''): CompletionResult => ({
  from,
  options: words.map((label) => ({ label, type, apply: label + suffix })),
  validFor: /^[\w$-]*$/,
});

/** What may stand where the cursor is: keys of a document and of steps, steps and inputs in expressions. */
export function completionsAt(context: CompletionContext, known: Known): CompletionResult | null {
  const ofSteps = context.matchBefore(/\$steps\.[\w-]*/);
  if (ofSteps) return offer(ofSteps.from + '$steps.'.length, known.steps, 'variable');
  const ofInput = context.matchBefore(/\$input\.[\w-]*/);
  if (ofInput) return offer(ofInput.from + '$input.'.length, known.inputs, 'property');
  const root = context.matchBefore(/\$[\w]*/);
  if (root) return offer(root.from, ROOTS, 'variable');
  const callee = context.matchBefore(/workflow:\s*[\w-]*/);
  if (callee) return offer(callee.from + (/^workflow:\s*/.exec(callee.text)?.[0].length ?? 0), known.workflows, 'class');
  const key = context.matchBefore(/^[ -]*[\w]*/);
  if (!key || (key.text.trim() === '' && !context.explicit)) return null;
  const indent = /^[ -]*/.exec(key.text)?.[0].length ?? 0;
  return offer(key.from + indent, indent === 0 ? DOCUMENT_KEYS : STEP_KEYS, 'keyword', ': ');
}
