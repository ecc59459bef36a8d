import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { runMachine } from '../../infra/run-machine.ts';
import { operations } from '../../shared/api/routes.ts';
import { driveMessage } from '../../shared/run/drive/drive.ts';
import { setting } from '../run/setting.ts';
import { allBlocksOf } from './blocks.ts';
import { refused } from './workflow-examples.ts';

const root = join(import.meta.dirname, '../..');
const pageOf = (name: string) => readFileSync(join(root, 'docs', name), 'utf8');
const at = setting();

/** The words between backticks of the first row of a table that begins with one. */
const rowOf = (page: string, first: string) => page.split('\n').find((line) => line.startsWith(`| \`${first}\` |`)) ?? '';
const namesIn = (text: string) => [...text.matchAll(/\w+/g)].map(([name]) => name);

test('every command of the docs that sends JSON says that it does', () => {
  const commands = ['README.md', ...globSync('docs/*.md', { cwd: root })]
    .flatMap(allBlocksOf)
    .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => /curl .* -d /.test(line));
  expect(commands.length).toBeGreaterThan(5);
  expect(commands.filter((command) => !/content-type: application\/json|-H "\$JSON"/.test(command))).toEqual([]);
});

describe('docs/workflow-format.md', () => {
  const page = pageOf('workflow-format.md');

  test('names what a saved answer is', async () => {
    const url = at.stub.on('/report', { body: { n: 1 } });
    const steps = [{ id: 'a', http: { method: 'GET', url, save: true } }];
    const run = await at.api.through({ steps, output: { file: '${ $steps.a.body }' } });
    const { file } = z.object({ file: z.object({ id: z.string() }).loose() }).parse(run.outputs);
    const [, fields = ''] = /`body` is then `\{(.+?)\}`/.exec(rowOf(page, 'save')) ?? [];
    expect(namesIn(fields).toSorted()).toEqual(Object.keys(file).toSorted());
    expect(await at.api.expect(200, 'GET', `/v1/files/${file.id}`)).toMatchObject({ id: file.id });
  });

  test('names the status that a document with problems is answered with', async () => {
    const body = { project_id: 'examples', definition: refused[0]?.definition };
    const { status } = await at.api.call('POST', '/v1/workflows', body);
    expect(/The API answers (\d+) with all of them/.exec(page)?.[1]).toBe(String(status));
  });

  test('says that a reference is searched for only where lists can be asked for one', async () => {
    const { id } = await at.api.start(await at.api.publish({ reference: 'PO-7', steps: [{ id: 'a', set: {} }] }));
    const { items } = z
      .object({ items: z.array(z.looseObject({ id: z.string() })) })
      .parse(await at.api.expect(200, 'GET', '/v1/runs'));
    expect(items.find((run) => run.id === id)).toMatchObject({ reference: 'PO-7' });
    expect(rowOf(page, 'reference')).toContain('shown');
    expect(/search/.test(rowOf(page, 'reference'))).toBe('reference' in operations.listRuns.query.shape);
  });
});

describe('docs/api.md', () => {
  const page = pageOf('api.md');

  test('has a row for each parameter of a start, and for none that is not there', () => {
    const [, table = ''] = /\| `start` parameter \|.*\n\|.*\n((?:\|.*\n)+)/.exec(page) ?? [];
    const named = table.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));
    const start = operations.commandWorkflow.body.options[0].shape.params.unwrap().in;
    expect(named.toSorted()).toEqual(Object.keys(start.shape).toSorted());
  });

  test('lets a run have files, as it says', async () => {
    const announced = await at.api.expect(201, 'POST', '/v2/files', { file_name: 'order.txt', agent_id: 'examples' });
    const { id, upload_url, upload_fields } = z
      .looseObject({ id: z.string(), upload_url: z.string(), upload_fields: z.record(z.string(), z.string()) })
      .parse(announced);
    const form = new FormData();
    for (const [name, value] of Object.entries(upload_fields)) form.append(name, value);
    form.append('file', new Blob(['PO-7']), 'order.txt');
    expect((await fetch(upload_url, { method: 'POST', body: form })).ok).toBe(true);
    const workflow = await at.api.publish({ steps: [{ id: 'a', set: {} }], output: { files: '${ $input.files }' } });
    const run = await at.api.ended((await at.api.start(workflow, {}, { file_ids: [id] })).id);
    expect(run.outputs).toMatchObject({ files: [{ id, name: 'order.txt' }] });
    expect(page).toContain('which the run finds in `$input.files`');
  });
});

describe('docs/architecture.md', () => {
  const page = pageOf('architecture.md');

  test('names what the machines give the worker', () => {
    const [, told = ''] = /The worker is told `\{(.+?)\}`/.exec(page) ?? [];
    expect(namesIn(told)).toEqual(Object.keys(driveMessage.shape));
    const { Drive } = z
      .object({ Drive: z.object({ Parameters: z.object({ Payload: z.record(z.string(), z.unknown()) }) }) })
      .parse(Object(runMachine('arn', { express: true })).States);
    const payload = Object.keys(Drive.Parameters.Payload).map((name) => name.replace('.$', ''));
    expect(namesIn(told).toSorted()).toEqual(payload.toSorted());
  });

  test('names every state of the machines that its sentence goes through', () => {
    const { States } = z.object({ States: z.record(z.string(), z.unknown()) }).parse(runMachine('arn', { express: false }));
    const answers = [...JSON.stringify(States).matchAll(/"StringEquals":"(\w+)"/g)].map(([, word]) => word);
    for (const answer of answers) expect(page).toContain(`\`${answer}\` ->`);
  });

  const [, layout = ''] = /## Layout\n[\s\S]*?```\n([\s\S]*?)```/.exec(page) ?? [];
  const foldersIn = (path: string) =>
    readdirSync(join(root, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  const named = (folder: string) => namesIn((new RegExp(`^ *${folder}/ +(.+)$`, 'm').exec(layout) ?? [])[1] ?? '');

  test('its layout has every folder of shared and functions, and none that is not there', () => {
    const inShared = [...layout.matchAll(/^ {2}(\w+)\/ /gm)].map(([, name]) => name);
    expect(inShared.toSorted()).toEqual(foldersIn('shared').toSorted());
    const top = [...layout.matchAll(/^(\w+)\/ /gm)].map(([, name]) => name ?? '');
    expect(top.filter((name) => !existsSync(join(root, name)))).toEqual([]);
    for (const folder of foldersIn('functions')) expect(named('functions')).toContain(folder);
    for (const folder of ['run', 'trigger']) expect(named(folder)).toEqual(expect.arrayContaining(foldersIn(`shared/${folder}`)));
  });

  test('its table of the embedded cloud has every service that has a folder', () => {
    const [, table = ''] = /\| AWS \| here \|\n((?:\|.*\n)+)/.exec(page) ?? [];
    const letters = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
    const services = letters(
      table
        .split('\n')
        .map((row) => row.split('|')[1])
        .join(),
    );
    // What is ours: the protocol of AWS, the template, what is there for speed, the bill.
    const own = ['aws', 'cloudformation', 'fast-path', 'usage'];
    const missing = foldersIn('local').filter((name) => !own.includes(name) && !services.includes(letters(name)));
    expect(missing).toEqual([]);
  });
});
