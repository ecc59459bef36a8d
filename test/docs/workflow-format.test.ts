import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { STEP_ERRORS } from '../../shared/kernel/step-error.ts';
import { kinds } from '../../shared/step/registry.ts';
import { checkDocument } from '../../shared/workflow/check.ts';
import { documentKeys } from '../../shared/workflow/document-schema.ts';
import { common } from '../../shared/workflow/step-schema.ts';
import { type Api, startApi } from '../edge/api.ts';
import { documents, examples, refused } from './workflow-examples.ts';

const docs = join(import.meta.dirname, '../../docs');
const page = readFileSync(join(docs, 'workflow-format.md'), 'utf8');

describe('what a document on the page gives is what the page says', () => {
  let api: Api;
  const published = new Map<string, string>();

  beforeAll(async () => {
    api = await startApi();
    // In the order of the page: a workflow stands above the one that runs it.
    for (const { name, definition } of examples) {
      const saved = await api.post('/v1/workflows', { project_id: 'examples', definition });
      expect(saved, saved.text).toMatchObject({ status: 201, body: { warnings: [] } });
      expect(await api.post(`/v1/workflows/${saved.body.id}/publish`, {})).toMatchObject({ status: 201 });
      published.set(name, saved.body.id);
    }
  });
  afterAll(() => api?.close());

  test.concurrent.each(examples)('$name', async ({ name, definition, runs }) => {
    const services = definition.includes('services:') ? { services: `${api.cloud.cloudUrl}/_sample` } : {};
    for (const { inputs, says } of runs) {
      const started = await api.start(published.get(name) ?? '', { ...services, ...inputs });
      expect(started.status, started.text).toBe(201);
      const run = await api.ended(started.body.id);
      expect(Object.fromEntries(Object.keys(says).map((key) => [key, run[key]]))).toEqual(says);
    }
  });
});

test('what the page says of a document with mistakes is what its author hears', () => {
  const heard = refused.map(({ definition }) => {
    const checked = checkDocument(definition);
    const told = checked.ok ? checked.warnings : checked.diagnostics;
    return told.map(({ line, column, message }) => `${line}:${column} ${message}\n`).join('');
  });
  expect(heard).toEqual(refused.map(({ said }) => said));
});

test('every document on the page is followed by what comes of it', () => {
  expect(examples.length + refused.length).toBe(documents.length);
  expect(refused.length).toBeGreaterThan(0);
});

test('every kind, key and error name is on the page', () => {
  const keys = [...Object.keys(documentKeys), ...Object.keys(common(z.any()))];
  const missing = [...kinds.keys(), ...keys, ...STEP_ERRORS].filter((word) => !page.includes(`\`${word}\``));
  expect(missing).toEqual([]);
});

test('every file it names is there', () => {
  for (const [, path = ''] of page.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
    expect([path, existsSync(join(docs, path))]).toEqual([path, true]);
});
