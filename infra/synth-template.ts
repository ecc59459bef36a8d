import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type AppProps, type Environment, NestedStack, type Stack } from 'aws-cdk-lib/core';
import * as z from 'zod';
import { MillrunStack } from './millrun-stack.ts';
import { type SettingsInput, settingsFromContext } from './settings.ts';

export interface Resource {
  Type: string;
  Properties?: Record<string, unknown>;
  Metadata?: Record<string, unknown>;
}

export interface Template {
  Resources: Record<string, Resource>;
  Parameters?: Record<string, unknown>;
  Outputs?: Record<string, { Value: unknown }>;
}

/** A template with those of its nested stacks, by the logical ids of these. */
export interface WholeTemplate extends Template {
  Nested: Record<string, Template>;
}

const cdkJson = z.object({ context: z.record(z.string(), z.unknown()) });

/** The template `cdk deploy` would deploy with these settings before those of cdk.json; functions are not bundled. */
export function synthesize(settings: SettingsInput = {}, env: Environment = {}): WholeTemplate {
  const outdir = mkdtempSync(join(tmpdir(), 'millrun-synth-'));
  try {
    const { app, stack } = unbundled(settings, { outdir }, env);
    const template: Template = app.synth().getStackArtifact(stack.artifactId).template;
    return { ...template, Nested: nestedIn(stack, outdir) };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function nestedIn(stack: Stack, outdir: string): Record<string, Template> {
  const nested = stack.node.findAll().filter((one) => one instanceof NestedStack);
  const templates = nested.map(({ nestedStackResource, templateFile }) => [
    stack.resolve(nestedStackResource?.logicalId),
    JSON.parse(readFileSync(join(outdir, templateFile), 'utf8')),
  ]);
  return Object.fromEntries(templates);
}

/** The app of cdk.json, with what makes a synthesis slow left out: bundling, traces, and the validation that `cdk synth` does. */
export function unbundled(
  settings: SettingsInput = {},
  props: AppProps = {},
  env: Environment = {},
): { app: App; stack: MillrunStack } {
  const { context } = cdkJson.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../cdk.json'), 'utf8')));
  const app = new App({
    context: { ...context, 'aws:cdk:bundling-stacks': [] },
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
    stackTraces: false,
    treeMetadata: false,
    ...props,
  });
  return { app, stack: new MillrunStack(app, 'Millrun', { settings: settingsFromContext(app.node, settings), env }) };
}
