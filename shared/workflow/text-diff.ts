import { formatPatch, type StructuredPatch, structuredPatch } from 'diff';

/** Of texts that have less in common the shortest diff is of no use, and takes long to find. */
const MOST_EDITS = 2_000;
const CONTEXT_LINES = 3;

interface NamedText {
  name: string;
  text: string;
}

/** A unified diff of two texts, empty when they are the same. Texts with little in common are shown one after the other. */
export function textDiff(from: NamedText, to: NamedText): string {
  if (from.text === to.text) return '';
  const options = { context: CONTEXT_LINES, maxEditLength: MOST_EDITS };
  const patch = structuredPatch(from.name, to.name, from.text, to.text, undefined, undefined, options) ?? allOf(from, to);
  return formatPatch(patch, { includeIndex: false, includeUnderline: false, includeFileHeaders: true });
}

/** Every line of one goes, every line of the other comes. */
function allOf(from: NamedText, to: NamedText): StructuredPatch {
  const [before, after] = [linesOf(from.text), linesOf(to.text)];
  const lines = [...before.map((line) => `-${line}`), ...after.map((line) => `+${line}`)];
  return {
    oldFileName: from.name,
    newFileName: to.name,
    oldHeader: undefined,
    newHeader: undefined,
    hunks: [{ oldStart: 1, oldLines: before.length, newStart: 1, newLines: after.length, lines }],
  };
}

const linesOf = (text: string) => text.replace(/\n$/, '').split('\n');
