import { type Reference, readingOf } from '../expression/references.ts';
import { hasExpression } from '../expression/template.ts';
import { suggest } from '../kernel/suggest.ts';
import { checkPlainNames, missingBraces, type Objection, strayRead } from './check-reads.ts';
import { type Finding, unknownWord } from './diagnostic.ts';
import type { Plan, PlannedStep } from './plan.ts';
import { groupOf } from './plan-of.ts';
import type { Site } from './sites.ts';
import { Visibility } from './visibility.ts';

const DOCUMENT_FIELDS = ['reference', 'runIf', 'timeout', 'concurrency', 'output'];
const PLAIN_STEP_FIELDS = ['id', 'title', 'needs', 'retry', 'catch', 'repeatable'];

/** What is wrong with the expressions of a document: how they are written, and what they read. */
export function checkTemplates(plan: Plan, sites: Site[], hidden: ReadonlySet<string>): Finding[] {
  const visibility = new Visibility(plan);
  return sites.flatMap((site) => {
    const reader = site.stepId === null ? null : plan.steps.get(site.stepId);
    if (reader === undefined) return [];
    if (!mayHoldTemplate(site)) return takenAsItIs(site);
    const variables = variablesFor(reader, site);
    const braces = hasExpression(site.text) ? undefined : missingBraces(site.text, variables);
    if (braces) return [{ ...braces, at: site.at }];
    const { references, problems } = readingOf(site.text);
    const plain = checkPlainNames(site, reader, variables);
    const written = [...problems, ...plain].map(({ message, position, ...rest }) => ({
      ...withPosition(site, message, position),
      ...rest,
    }));
    const wrong = references.flatMap((reference) => {
      if (reference.stepId !== undefined && hidden.has(reference.stepId)) return [];
      const objection =
        objectionTo(reference, reader, site, plan, visibility) ?? (plain.length > 0 ? undefined : strayRead(reference, plan));
      return objection ? [{ ...objection, at: site.at }] : [];
    });
    return [...written, ...wrong];
  });
}

function mayHoldTemplate({ stepId, field }: Site): boolean {
  return stepId === null ? DOCUMENT_FIELDS.includes(field) : !PLAIN_STEP_FIELDS.includes(field);
}

function withPosition({ at, text }: Site, message: string, position: number | undefined): Finding {
  return { at, message: position === undefined || text.length === 0 ? message : `${message} (at character ${position + 1})` };
}

/** Where nothing is evaluated, an expression is a text like any other. */
function takenAsItIs({ at, text, field }: Site): Finding[] {
  const isMeant = field === 'title' || (field === 'input' && at.at(-1) === 'default');
  if (!isMeant || !hasExpression(text)) return [];
  return [{ at, message: 'is taken as it is, and no expression in it is evaluated', severity: 'warning' }];
}

/** Names with a `$` that an expression may read there, but for `$steps`. */
const variablesFor = (reader: PlannedStep | null, { field }: Site) =>
  reader === null && field !== 'output' ? new Set(['input', 'run']) : namesFor(reader, field);

function objectionTo(
  { name, stepId }: Reference,
  reader: PlannedStep | null,
  site: Site,
  plan: Plan,
  visibility: Visibility,
): Objection | undefined {
  if (reader === null && site.field !== 'output') {
    return ['input', 'run'].includes(name)
      ? undefined
      : { message: `${site.field} is evaluated before the run starts and reads $input and $run only, not $${name}` };
  }
  if (stepId !== undefined) {
    const message = visibility.obstacle(stepId, reader);
    if (message === undefined) return undefined;
    const suggestion = plan.steps.has(stepId) ? undefined : suggest(stepId, plan.steps.keys());
    return suggestion === undefined ? { message } : { message: `${message}, did you mean "${suggestion}"?`, suggestion };
  }
  const known = namesFor(reader, site.field);
  if (known.has(name)) return undefined;
  if (name === 'error') return { message: '$error is known inside catch only' };
  if (name === 'index') return { message: '$index is known inside forEach and repeat only' };
  if (name === 'last') return { message: '$last is known inside repeat only' };
  return unknownWord(
    'unknown name',
    `$${name}`,
    [...known, 'steps'].map((one) => `$${one}`),
  );
}

/** Names beside `$steps` that an expression under a key of a step may read. */
function namesFor(reader: PlannedStep | null, field: string): Set<string> {
  const names = new Set(['input', 'run']);
  // What a repeat asks after a round.
  if (reader && field === reader.step.kind && groupOf(reader.step)?.rounds) names.add('index').add('last');
  for (let at = reader; at; at = at.parent) {
    if (at.place.kind === 'catch') {
      names.add('error');
      continue;
    }
    const holder = at.parent?.step;
    const group = holder && groupOf(holder);
    if (group?.loops) names.add('index');
    if (group?.rounds) names.add('last');
    const loop = holder && group?.loop?.(holder.spec);
    if (loop) names.add(loop.as);
  }
  return names;
}
