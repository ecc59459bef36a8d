import * as z from 'zod';
import { actor, errorModel, legalHold, page, resourceId, time, words } from '../edge/schema.ts';
import { viewOf } from '../edge/snake-case.ts';
import type { DefinitionDiff } from './definition-diff.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Outline } from './outline.ts';
import { retentionBody } from './retention.http.ts';
import type { DraftMoved } from './save-workflow.ts';
import { textDiff } from './text-diff.ts';
import type { Definition, Version, Workflow } from './workflow.ts';

const MOST_OVERRIDES = 100;

/** Names of connections to use instead of others. */
export const connectionOverrides = z
  .record(words(100), words(100))
  .refine((overrides) => Object.keys(overrides).length <= MOST_OVERRIDES, `must name ${MOST_OVERRIDES} connections at most`)
  .meta({ maxProperties: MOST_OVERRIDES });

export const startDefaults = z
  .strictObject({
    inputs: z.record(z.string(), z.unknown()).optional(),
    name: words(100).optional(),
    reference: words(200).optional(),
    connection_overrides: connectionOverrides.optional(),
  })
  .meta({ id: 'StartDefaults' });

const versionEntry = z
  .object({ version: z.int(), definition: z.string(), note: z.string().nullable(), published_at: time, published_by: actor })
  .meta({ id: 'WorkflowVersion' });
export const versionDetail = versionEntry.extend({ source: z.string() }).meta({ id: 'WorkflowVersionDetail' });
export const versionEntries = page(versionEntry).meta({ id: 'WorkflowVersionList' });

const workflowEntry = z
  .object({
    id: resourceId,
    project_id: z.string(),
    name: z.string(),
    title: z.string().nullable(),
    description: z.string().nullable(),
    enabled: z.boolean(),
    published_version: z.int().nullable(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'WorkflowEntry' });
export const workflowEntries = page(workflowEntry)
  .extend({ searched_to: time.nullable().meta({ description: 'The time down to which `q` has looked, when there is more' }) })
  .meta({ id: 'WorkflowList' });

const warning = z.object({ path: z.string(), line: z.int(), column: z.int(), message: z.string() });
export const workflowDetail = workflowEntry
  .extend({
    draft: z.object({ definition: z.string(), source: z.string(), saved_at: time }),
    versions: z.array(versionEntry),
    start_defaults: startDefaults.nullable(),
    retention: retentionBody.nullable(),
    legal_hold: legalHold.nullable(),
    warnings: z.array(warning).optional(),
  })
  .meta({ id: 'Workflow' });
export const published = z.object({ version: z.int(), warnings: z.array(warning) }).meta({ id: 'Published' });

const draftText = z.object({ definition: z.string().meta({ description: 'Its hash: the ETag' }), source: z.string() });
/** Fields beside those of a refusal stand there when it is the draft that has changed. */
export const draftConflict = errorModel
  .extend({
    given: z.string().optional().meta({ description: 'The text that was sent' }),
    current: draftText
      .extend({ saved_at: time, saved_by: actor })
      .optional()
      .meta({ description: 'The draft as it stands by now' }),
    base: draftText.optional().meta({ description: 'The text that If-Match names, where it is known' }),
  })
  .meta({ id: 'DraftConflict' });

export function draftConflictView({ workflow, given, current, base }: DraftMoved): z.input<typeof draftConflict> {
  const { savedAt: saved_at, savedBy: saved_by } = workflow.draft;
  const message = `The draft of workflow "${workflow.name}" was saved at ${saved_at} by ${saved_by.name}: it is not the one that If-Match names. Bring the texts together and save with the ETag of the current one.`;
  return {
    status_code: 409,
    message,
    details: [{ name: 'definition', value: current.hash }],
    given,
    current: { ...draftTextView(current), saved_at, saved_by },
    ...(base && { base: draftTextView(base) }),
  };
}

const draftTextView = ({ hash, source }: Definition) => ({ definition: hash, source });

const namedStep = z.object({ step: z.string(), kind: z.string() });
const diffSide = z.object({
  version: z.int().nullable().meta({ description: 'null: the draft' }),
  definition: z.string(),
});
export const workflowDiff = z
  .object({
    from: diffSide,
    to: diffSide,
    steps: z.object({
      added: z.array(namedStep),
      gone: z.array(namedStep),
      changed: z.array(
        namedStep.extend({
          fields: z.array(z.string()).meta({
            description: 'Such as `http.url`; `place`: it stands in another list; `pin`: another definition of what it starts',
          }),
        }),
      ),
    }),
    document: z.array(z.string()).meta({ description: 'Keys of the document itself that are not the same' }),
    text: z.string().meta({ description: 'Unified diff of the two texts; empty when they are the same' }),
  })
  .meta({ id: 'WorkflowDiff' });

/** One of two definitions that are compared. */
export interface DiffSide {
  version: number | null;
  definition: Definition;
}

export const workflowDiffView = (from: DiffSide, to: DiffSide, found: DefinitionDiff): z.input<typeof workflowDiff> => {
  const { document, ...steps } = found;
  return { from: sideView(from), to: sideView(to), steps, document, text: textDiff(namedText(from), namedText(to)) };
};

const sideView = ({ version, definition }: DiffSide) => ({ version, definition: definition.hash });
const namedText = ({ version, definition }: DiffSide) => ({
  name: version === null ? 'draft' : `version ${version}`,
  text: definition.source,
});

const outlinedStep = z
  .object({
    step: z.string(),
    kind: z.string(),
    title: z.string().nullable(),
    line: z.int().meta({ description: 'Where it begins in the text, from 1' }),
    needs: z.array(z.string()).meta({ description: 'The steps of its list that end first' }),
    conditional: z.boolean().meta({ description: 'It has an `if`' }),
    calls: z.string().nullable().meta({ description: 'Name of the workflow that it starts' }),
    get inside() {
      return z
        .record(z.string(), z.array(outlinedStep))
        .optional()
        .meta({ description: 'The steps in it, by branch, and by handler: `catch[0]`' });
    },
  })
  .meta({ id: 'OutlinedStep' });

export const checkedWorkflow = z
  .object({
    valid: z.boolean(),
    diagnostics: z.array(warning.extend({ severity: z.enum(['error', 'warning']) })),
    plan: z
      .object({ name: z.string(), title: z.string().nullable(), input: z.unknown(), steps: z.array(outlinedStep) })
      .nullable()
      .meta({ description: 'Null when the document has errors' }),
  })
  .meta({ id: 'CheckedWorkflow' });

export const checkedView = ({ diagnostics, plan }: Outline): z.input<typeof checkedWorkflow> => ({
  valid: plan !== undefined,
  diagnostics: diagnostics.map(({ path, line, column, message, severity }) => ({ path, line, column, message, severity })),
  plan: plan ? { ...plan, title: plan.title ?? null, input: plan.input ?? null } : null,
});

const shownVersion = (version: Version) => ({ ...version, version: version.number });
const shownWorkflow = (workflow: Workflow) => ({
  ...workflow,
  projectId: workflow.project,
  publishedVersion: workflow.published?.version,
});

export const versionView = (version: Version) => viewOf(versionEntry, shownVersion(version));

export const versionDetailView = (version: Version, { source }: Definition) =>
  viewOf(versionDetail, { ...shownVersion(version), source });

export const workflowView = (workflow: Workflow) => viewOf(workflowEntry, shownWorkflow(workflow));

export const workflowDetailView = (workflow: Workflow, draft: Definition, versions: Version[], warnings?: Diagnostic[]) =>
  viewOf(workflowDetail, {
    ...shownWorkflow(workflow),
    legalHold: workflow.hold,
    draft: { definition: draft.hash, source: draft.source, savedAt: workflow.draft.savedAt },
    versions: versions.map(shownVersion),
    warnings,
  });

export const publishedView = (version: Version, warnings: Diagnostic[]) =>
  viewOf(published, { version: version.number, warnings });
