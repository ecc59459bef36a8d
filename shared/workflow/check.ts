import { schemaProblem } from '../expression/input-schema.ts';
import { MAX_DIAGNOSTICS } from '../kernel/limits.ts';
import type { Step } from '../step/kind.ts';
import { kinds } from '../step/registry.ts';
import type { StepFinding } from './check-calls.ts';
import { checkNeeds } from './check-needs.ts';
import { checkTemplates } from './check-templates.ts';
import { type Diagnostic, type Finding, unknownWord } from './diagnostic.ts';
import type { Document } from './document.ts';
import { documentKeys } from './document-schema.ts';
import { errorNamesOf } from './error-names.ts';
import { isMap, StepParser } from './parse-steps.ts';
import type { Plan } from './plan.ts';
import { planOf } from './plan-of.ts';
import { displayPath, type FoundSites, sitesIn } from './sites.ts';
import { type ReadText, readYaml } from './yaml.ts';
import { readAs } from './zod-findings.ts';

export type Checked =
  | {
      ok: true;
      document: Document;
      plan: Plan;
      warnings: Diagnostic[];
      /** Gives a finding about a step its place in the text. */
      inStep(finding: StepFinding): Diagnostic;
      /** The line, from 1, that each step begins on, by id. */
      lines(): Map<string, number>;
    }
  | { ok: false; diagnostics: Diagnostic[] };

/** Checks a whole document, YAML or JSON, and says everything that is wrong with it. */
export function checkDocument(text: string): Checked {
  const read = readYaml(text);
  const fromText = read.problems.map((problem): Diagnostic => ({ path: '', ...problem }));
  if (fromText.some(isError)) return { ok: false, diagnostics: fromText };

  const parser = new StepParser();
  const { document, findings } = parseDocument(read.value, parser);
  const plan = planOf(document);
  const found = sitesIn(read.value, parser.found);
  findings.push(...checkPlan(plan, found, parser.found));

  const told = withoutEchoes(findings).sort(bySeverity).slice(0, MAX_DIAGNOSTICS);
  const diagnostics = [...fromText, ...told.map((finding) => place(finding, read, parser.found))].sort(byPlace);
  if (diagnostics.some(isError)) return { ok: false, diagnostics };
  const inStep = ({ step, ...finding }: StepFinding) => {
    const [placed = finding] = under([finding], ...(found.places.find(({ id }) => id === step)?.at ?? []));
    return place(placed, read, parser.found);
  };
  const lines = () => new Map(found.places.map(({ id, at }) => [id, read.placeOf(at).line]));
  return { ok: true, document, plan, warnings: diagnostics, inStep, lines };
}

/** What of the document could be read, and what is wrong with its form. */
function parseDocument(raw: unknown, parser: StepParser): { document: Document; findings: Finding[] } {
  const document: Document = { format: 1, name: '', connections: [], steps: [] };
  if (!isMap(raw)) return { document, findings: [{ at: [], message: 'a document is a map with format, name and steps' }] };
  const findings: Finding[] = [];
  for (const key of Object.keys(raw)) {
    if (key !== 'steps' && !Object.hasOwn(documentKeys, key)) {
      findings.push({ at: [], mark: [key], ...unknownWord('unknown key', key, [...Object.keys(documentKeys), 'steps']) });
    }
  }
  for (const [key, schema] of Object.entries(documentKeys)) {
    const { value, findings: wrong } = readAs<unknown>(schema, raw[key]);
    findings.push(...under(wrong, key));
    if (value !== undefined) Object.assign(document, { [key]: value });
  }
  const { steps, findings: wrong } = parser.parse(raw['steps']);
  findings.push(...under(wrong, 'steps'));
  const inputProblem = document.input === undefined ? undefined : schemaProblem(document.input);
  if (inputProblem !== undefined) findings.push({ at: ['input'], message: inputProblem });
  return { document: { ...document, steps }, findings };
}

/** What is wrong with steps as a whole: ids, order, names, expressions. */
function checkPlan(plan: Plan, { sites, places }: FoundSites, found: ReadonlyMap<object, Step>): Finding[] {
  // Steps inside a group whose form is wrong are known by name only.
  const hidden = new Set([...found.values()].map(({ id }) => id).filter((id) => !plan.steps.has(id)));
  const seen = new Set<string>();
  const needs = checkNeeds(plan, hidden);
  const findings = places.flatMap(({ id, at }) => {
    if (seen.has(id))
      return [{ at: [...at, 'id'], message: `the id "${id}" is used twice; ids are unique in the whole document` }];
    seen.add(id);
    return under(needs.get(id) ?? [], ...at);
  });
  const home = new Map(places.map(({ id, at }) => [id, at]));
  const names = errorNamesOf(plan);
  for (const { id, step } of plan.steps.values()) {
    const own = [...checkWords(step, plan.document.connections, names), ...checkSchemas(step)];
    findings.push(...under(own, ...(home.get(id) ?? [])));
  }
  return [...findings, ...checkTemplates(plan, sites, hidden)];
}

/** JSON Schemas that a kind takes and that cannot be used. */
function checkSchemas(step: Step): Finding[] {
  const kind = kinds.get(step.kind);
  const keys = kind?.shape === 'leaf' || kind?.shape === 'ask' ? (kind.jsonSchemas ?? []) : [];
  return keys.flatMap((key) => {
    const schema = isMap(step.spec) ? step.spec[key] : undefined;
    const problem = isMap(schema) ? schemaProblem(schema) : undefined;
    return problem === undefined ? [] : [{ at: [step.kind, key], message: problem }];
  });
}

/** Connections that are not listed, and error names that nothing raises. */
function checkWords(step: Step, connections: string[], names: string[]): Finding[] {
  const findings: Finding[] = [];
  const connection = isMap(step.spec) ? step.spec['connection'] : undefined;
  if (typeof connection === 'string' && !connections.includes(connection)) {
    const { suggestion } = unknownWord('', connection, connections);
    const hint = suggestion === undefined ? '' : `, did you mean "${suggestion}"?`;
    findings.push({
      at: [step.kind, 'connection'],
      message: `connection "${connection}" is not listed under connections${hint}`,
      suggestion,
    });
  }
  const watch = (on: string[] | undefined, at: PropertyKey[]) => {
    for (const [index, name] of (on ?? []).entries()) {
      if (!names.includes(name))
        findings.push({ at, mark: [...at, index], ...unknownWord('nothing fails with', name, names), severity: 'warning' });
    }
  };
  watch(step.retry?.on, ['retry', 'on']);
  for (const [index, handler] of (step.catch ?? []).entries()) watch(handler.on, ['catch', index, 'on']);
  return findings;
}

function under(findings: Finding[], ...path: PropertyKey[]): Finding[] {
  return findings.map(({ at, mark, ...rest }) => ({ ...rest, at: [...path, ...at], ...(mark && { mark: [...path, ...mark] }) }));
}

function place(finding: Finding, read: ReadText, found: ReadonlyMap<object, Step>): Diagnostic {
  const { at, mark, message, suggestion, severity } = finding;
  const path = displayPath(read.value, at, found);
  const told = path === '' ? message : `${path}: ${message}`;
  return {
    path,
    ...read.placeOf(mark ?? at),
    message: told,
    ...(suggestion !== undefined && { suggestion }),
    severity: severity ?? 'error',
  };
}

/** Where something is wrong, no warning is needed. */
function withoutEchoes(findings: Finding[]): Finding[] {
  const wrong = new Set(findings.flatMap(({ at, severity }) => (severity === 'warning' ? [] : JSON.stringify(at))));
  return findings.filter(({ at, severity }) => severity !== 'warning' || !wrong.has(JSON.stringify(at)));
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

function bySeverity(a: Finding, b: Finding): number {
  return Number(a.severity === 'warning') - Number(b.severity === 'warning');
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return a.line - b.line || a.column - b.column;
}
