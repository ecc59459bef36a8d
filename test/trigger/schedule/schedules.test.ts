import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { setting } from '../../run/setting.ts';
import { atIn, type ScheduleResult, Schedules } from './client.ts';

const here = setting();
const schedules = new Schedules(() => here.api);
const refusal = z.object({ message: z.string(), details: z.array(z.looseObject({ name: z.string() })).nullable() });
const quick = { steps: [{ id: 'a', set: { ok: true } }], output: { ok: true } };

describe('through the API', () => {
  test('a schedule starts a run at its time, with a delivery and a line in the ledger', async () => {
    const workflow = await here.api.publish({ ...quick, input: { type: 'object', properties: { n: { type: 'number' } } } });
    const schedule = await schedules.create(workflow, { expression: atIn(1500), inputs: { n: 7 } });
    const [fire] = await schedules.until(schedule, (fires) => fires.some(({ outcome }) => outcome === 'started'));
    expect(fire).toMatchObject({ outcome: 'started', kind: 'expected', reason: null, attempt: 1 });
    expect(await here.api.ended(fire?.run_id ?? '')).toMatchObject({
      status: 'succeeded',
      trigger: 'schedule',
      stage: 'Published',
      inputs: { n: 7 },
      trigger_id: schedule.id,
      actor: { kind: 'trigger', id: schedule.id, name: 'nightly' },
    });
    const deliveries = await here.api.expect(200, 'GET', `/v1/deliveries?workflow_id=${workflow}&trigger=schedule`);
    expect(deliveries).toMatchObject({ items: [{ id: fire?.delivery_id, outcome: 'accepted', run_id: fire?.run_id }] });
    expect(await schedules.get(schedule)).toMatchObject({ next_fire: null, last_run: { run_id: fire?.run_id } });
  });

  test('a rate sets its alarm clock again after each fire', async () => {
    const workflow = await here.api.publish(quick);
    const start_at = new Date(Date.now() + 1500).toISOString();
    const schedule = await schedules.create(workflow, { expression: 'rate(1 minute)', start_at });
    await schedules.until(schedule, (fires) => fires.some(({ outcome }) => outcome === 'started'));
    const next = (await schedules.get(schedule)).next_fire ?? '';
    expect(Date.parse(next)).toBe(Math.ceil(Date.parse(start_at) / 1000) * 1000 + 60_000);
    expect(await listed(schedule.id)).toHaveLength(1);
  });

  test('the answer lists the next fires in local time and UTC; next lists as many as are asked for', async () => {
    const workflow = await here.api.publish(quick);
    const schedule = await schedules.create(workflow, {
      expression: '30 2 * * *',
      timezone: 'Europe/Berlin',
      dst: { gap: 'skip', overlap: 'both' },
    });
    expect(schedule).toMatchObject({
      crons: ['cron(30 2 * * ? *)'],
      dst: { gap: 'skip', overlap: 'both' },
      overlap: 'allow',
      catch_up: 'last',
      catch_up_window: '24h',
    });
    expect(schedule.next).toHaveLength(5);
    const page = z
      .object({
        timezone: z.string(),
        items: z.array(z.looseObject({ local: z.string(), mark: z.string().nullable() })),
        left_out: z.array(z.looseObject({ reason: z.string() })),
      })
      .parse(await schedules.call(schedule, 'GET', '/next?count=100'));
    expect(page.items).toHaveLength(100);
    expect(page.items.every(({ local }) => local.slice(11) === '02:30:00')).toBe(true);
    await schedules.call(schedule, 'GET', '/next?count=101', undefined, 400);
  });

  test('PATCH changes what is given and nothing else; null takes a limit away; pause and resume are heard once', async () => {
    const workflow = await here.api.publish(quick);
    const schedule = await schedules.create(workflow, {
      expression: 'hourly',
      jitter: '5m',
      stop_after_failures: 3,
      end_at: '2099-01-01T01:00:00+01:00',
    });
    expect(schedule).toMatchObject({ end_at: '2099-01-01T00:00:00.000Z', dst: { overlap: 'both' } });
    const changed = await schedules.call(schedule, 'PATCH', '', {
      expression: 'daily at 09:00',
      jitter: null,
      end_at: null,
      dst: { overlap: 'second' },
    });
    expect(changed).toMatchObject({
      expression: 'daily at 09:00',
      jitter: null,
      end_at: null,
      stop_after_failures: 3,
      dst: { gap: 'shift', overlap: 'second' },
    });
    expect(await schedules.call(schedule, 'POST', '/pause')).toMatchObject({ enabled: false, next_fire: null });
    expect(await schedules.call(schedule, 'POST', '/pause')).toMatchObject({ enabled: false });
    expect(await schedules.call(schedule, 'POST', '/resume')).toMatchObject({ enabled: true });
    await schedules.call(schedule, 'DELETE', '', undefined, 204);
    await schedules.call(schedule, 'GET', '', undefined, 404);
    await schedules.call(schedule, 'GET', '/fires');
    expect(await listed(schedule.id)).toEqual([]);
    expect(await here.api.expect(200, 'GET', `/v1/workflows/${workflow}/schedules`)).toMatchObject({ items: [] });
  });

  test('trigger and backfill start runs now', async () => {
    const workflow = await here.api.publish(quick);
    const schedule = await schedules.create(workflow, {
      expression: 'rate(1 hour)',
      start_at: '2026-01-01T00:00:00Z',
      enabled: false,
    });
    const byHand = await schedules.call(schedule, 'POST', '/trigger', undefined, 201);
    expect(byHand).toMatchObject({ kind: 'manual', outcome: 'started' });
    // Labelled with the schedule that it came by, and with who has asked for it.
    expect(await here.api.run(z.object({ run_id: z.string() }).parse(byHand).run_id)).toMatchObject({
      trigger: 'schedule',
      trigger_id: schedule.id,
      actor: { kind: 'key', name: 'first key' },
    });
    const range = { from: '2026-01-01T03:30:00Z', to: '2026-01-01T06:00:00Z' };
    const done = z.object({
      fires: z.array(z.looseObject({ nominal: z.string(), outcome: z.string() })),
      left: z.array(z.string()),
    });
    const first = done.parse(await schedules.call(schedule, 'POST', '/backfill', range));
    expect(first.fires.map(({ nominal, outcome }) => `${nominal.slice(11, 16)} ${outcome}`)).toEqual([
      '04:00 started',
      '05:00 started',
      '06:00 started',
    ]);
    for (const { run_id } of await schedules.fires(schedule)) await here.api.ended(run_id ?? '');
    expect(await schedules.call(schedule, 'POST', '/backfill', range)).toMatchObject({ fires: [], left: { length: 3 } });
    expect(await schedules.fires(schedule)).toHaveLength(4);
    expect(await schedules.fires(schedule, '&outcome=missed')).toEqual([]);
  });

  test('whoever triggers it has a run: 25 at once start 25, each with its line in the ledger', async () => {
    const workflow = await here.api.publish(quick);
    const schedule = await schedules.create(workflow, { expression: 'daily at 09:00' });
    const replies = await Promise.all(
      Array.from({ length: 25 }, () => here.api.call('POST', `/v1/workflows/${workflow}/schedules/${schedule.id}/trigger`)),
    );
    expect(replies.map(({ status }) => status)).toEqual(Array(25).fill(201));
    const runs = replies.map(({ body }) => z.looseObject({ run_id: z.string() }).parse(body).run_id);
    expect(new Set(runs).size).toBe(25);
    const lines = await pagesOf(schedule, 4);
    expect(lines.map(({ run_id }) => run_id).toSorted()).toEqual(runs.toSorted());
    for (const run of runs) expect(await here.api.ended(run)).toMatchObject({ status: 'succeeded' });
  });

  test('a workflow that is turned off refuses every start by hand alike, and a trigger stands in the ledger', async () => {
    const workflow = await here.api.publish(quick);
    const schedule = await schedules.create(workflow, { expression: 'rate(1 hour)', start_at: '2026-01-01T00:00:00Z' });
    const of = `/v1/workflows/${workflow}`;
    const refusals = [];
    await here.api.expect(200, 'PATCH', of, { enabled: false });
    for (const [path, body] of [
      ['/command', { command: 'start' }],
      [`/schedules/${schedule.id}/trigger`, undefined],
      [`/schedules/${schedule.id}/backfill`, { from: '2026-01-01T00:00:00Z', to: '2026-01-01T02:00:00Z' }],
    ] as const)
      refusals.push(refusal.parse(await here.api.expect(409, 'POST', of + path, body)));
    expect(new Set(refusals.map(({ message }) => message)).size).toBe(1);
    expect(refusals[0]?.message).toMatch(/is turned off\. Turn it on to start runs/);
    const [fire, ...more] = await schedules.fires(schedule, '&outcome=rejected');
    expect([fire?.kind, fire?.reason, more]).toEqual(['manual', refusals[0]?.message, []]);
    expect(refusals[1]?.details).toContainEqual({ name: 'delivery_id', value: fire?.delivery_id });

    await here.api.expect(200, 'PATCH', of, { enabled: true });
    const delivery = await here.api.expect(200, 'POST', `/v1/deliveries/${fire?.delivery_id}/redeliver`);
    expect(delivery).toMatchObject({ outcome: 'accepted' });
    expect(await schedules.fires(schedule, '&outcome=rejected')).toEqual([]);
  });

  test('whatever else a workflow refuses, a trigger answers as a start does', async () => {
    const unpublished = await here.api.draft(quick);
    const schedule = await schedules.create(unpublished, { expression: 'daily at 09:00' });
    const start = await here.api.expect(404, 'POST', `/v1/workflows/${unpublished}/command`, { command: 'start' });
    const triggered = refusal.parse(await schedules.call(schedule, 'POST', '/trigger', undefined, 404));
    expect(triggered.message).toBe(refusal.parse(start).message);
  });

  test('the ledger is read in pages', async () => {
    const workflow = await here.api.publish(quick);
    const schedule = await schedules.create(workflow, {
      expression: 'rate(1 hour)',
      start_at: '2026-01-01T00:00:00Z',
      enabled: false,
    });
    await schedules.call(schedule, 'POST', '/backfill', { from: '2026-01-01T00:00:00Z', to: '2026-01-01T06:00:00Z' });
    const lines = await pagesOf(schedule, 3, '&outcome=started');
    expect(lines.map(({ nominal }) => nominal.slice(11, 13))).toEqual(['06', '05', '04', '03', '02', '01', '00']);
  });

  test('a fire that was rejected can be redelivered once its cause is mended', async () => {
    const workflow = await here.api.draft(quick);
    const schedule = await schedules.create(workflow, { expression: atIn(1000) });
    const [fire] = await schedules.until(schedule, (fires) => fires.some(({ outcome }) => outcome === 'rejected'));
    expect(fire?.reason).toMatch(/no published version/);
    await here.api.publishDraft(workflow);
    await here.api.expect(200, 'POST', `/v1/deliveries/${fire?.delivery_id}/redeliver`);
    const [redelivered] = await schedules.fires(schedule);
    expect(redelivered).toMatchObject({ outcome: 'started', reason: null, delivery_id: fire?.delivery_id });
    expect(await here.api.ended(redelivered?.run_id ?? '')).toMatchObject({ status: 'succeeded', trigger: 'schedule' });
  });

  test.each<[string, object, RegExp]>([
    ['cron nonsense', { expression: 'every full moon' }, /no schedule/],
    ['an unknown zone', { expression: 'hourly', timezone: 'Mars/Olympus' }, /no time zone/],
    [
      'an end before the start',
      { expression: 'hourly', start_at: '2098-01-01T00:00:00Z', end_at: '2097-01-01T00:00:00Z' },
      /before it starts/,
    ],
    ['what never fires', { expression: '0 0 31 2 *' }, /never fires/],
    ['a time without an offset', { expression: 'hourly', start_at: '2098-01-01T00:00:00' }, /start_at/],
    ['a window that is no duration', { expression: 'hourly', catch_up_window: 'long' }, /catch_up_window/],
    ['a jitter above an hour', { expression: 'hourly', jitter: '2h' }, /jitter/],
    ['inputs that do not fit', { expression: 'hourly', inputs: { n: 'x' } }, /inputs/],
    ['a field that nobody knows', { expression: 'hourly', cron: '* * * * *' }, /cron/],
    ['a rule that nobody knows', { expression: 'hourly', overlap: 'replace' }, /overlap/],
  ])('refuses %s', async (_, wishes, reason) => {
    const workflow = await here.api.publish({ ...quick, input: { type: 'object', properties: { n: { type: 'number' } } } });
    const { status, body } = await here.api.call('POST', `/v1/workflows/${workflow}/schedules`, { name: 'x', ...wishes });
    expect(status).toBe(400);
    expect(z.object({ message: z.string() }).parse(body).message).toMatch(reason);
  });

  test('a schedule is found under its own workflow only', async () => {
    const schedule = await schedules.create(await here.api.publish(quick), { expression: 'hourly' });
    const other = await here.api.publish(quick);
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/next'],
      ['GET', '/fires'],
      ['POST', '/trigger'],
      ['DELETE', ''],
    ] as const)
      expect(await here.api.call(method, `/v1/workflows/${other}/schedules/${schedule.id}${path}`)).toMatchObject({
        status: 404,
      });
  });
});

const ledgerPage = z.object({
  items: z.array(z.looseObject({ nominal: z.string(), run_id: z.string().nullable() })),
  continuation_token: z.string().nullable(),
});

/** The whole ledger, read so many lines at a time. */
async function pagesOf(schedule: ScheduleResult, limit: number, more = '') {
  const lines: z.infer<typeof ledgerPage>['items'] = [];
  for (let token: string | null = ''; token !== null; ) {
    const query: string = token === '' ? '' : `&continuation_token=${token}`;
    const page = ledgerPage.parse(await schedules.call(schedule, 'GET', `/fires?limit=${limit}${more}${query}`));
    lines.push(...page.items);
    token = page.continuation_token;
  }
  return lines;
}

const awsCli = (() => {
  try {
    execFileSync('aws', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

const client = () =>
  new SchedulerClient({
    endpoint: here.cloud.cloudUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'y' },
  });

/** The schedules of our group under a name. */
async function listed(name: string): Promise<{ Name?: string | undefined }[]> {
  const { Schedules: found = [] } = await client().send(new ListSchedulesCommand({ GroupName: 'millrun', NamePrefix: name }));
  return found;
}

const run = promisify(execFile);
const aws = async (...args: string[]): Promise<unknown> => {
  const { stdout } = await run('aws', ['--endpoint-url', here.cloud.cloudUrl, '--region', 'us-east-1', 'scheduler', ...args], {
    env: { ...process.env, AWS_PAGER: '', AWS_ENDPOINT_URL: '' },
  });
  return stdout.trim() === '' ? {} : JSON.parse(stdout);
};

describe('the embedded Scheduler', () => {
  const target = () => {
    const [, arn] = ['', process.env['SCHEDULE_TARGET_ARN'] ?? ''];
    return { Arn: arn, RoleArn: 'arn:aws:iam::000000000000:role/r', Input: '{"schedule":"none"}' };
  };

  test(`${awsCli ? 'AWS CLI' : 'no AWS CLI is here: AWS SDK'}: creates, lists, shows, changes and deletes schedules`, async () => {
    const workflow = await here.api.publish(quick);
    const ours = await schedules.create(workflow, { expression: 'daily at 09:00', timezone: 'Europe/Berlin' });
    if (!awsCli) {
      expect(await listed(ours.id)).toMatchObject([{ Name: ours.id, State: 'ENABLED' }]);
      return;
    }
    expect(await aws('list-schedules', '--group-name', 'millrun', '--name-prefix', ours.id)).toMatchObject({
      Schedules: [{ Name: ours.id, State: 'ENABLED', GroupName: 'millrun' }],
    });
    const shown = await aws('get-schedule', '--group-name', 'millrun', '--name', ours.id);
    expect(shown).toMatchObject({
      ScheduleExpression: `at(${ours.next_fire?.slice(0, 19)})`,
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Input: `{"schedule":"${ours.id}"}`,
        RetryPolicy: { MaximumRetryAttempts: 185 },
        DeadLetterConfig: { Arn: expect.stringContaining('sqs') },
      },
    });

    const made = ['--name', 'mine', '--flexible-time-window', 'Mode=OFF', '--target', JSON.stringify(target())];
    await aws('create-schedule', ...made, '--schedule-expression', 'rate(5 minutes)');
    await expect(aws('create-schedule', ...made, '--schedule-expression', 'rate(5 minutes)')).rejects.toThrow(
      /ConflictException/,
    );
    await expect(
      aws('create-schedule', '--name', 'bad', ...made.slice(2), '--schedule-expression', 'rate(5 moons)'),
    ).rejects.toThrow(/ValidationException/);
    await aws('update-schedule', ...made, '--schedule-expression', 'cron(0 9 ? * MON-FRI *)', '--state', 'DISABLED');
    expect(await aws('list-schedules', '--state', 'DISABLED')).toMatchObject({ Schedules: [{ Name: 'mine' }] });
    expect(await aws('list-schedule-groups')).toMatchObject({ ScheduleGroups: [{ Name: 'default' }, { Name: 'millrun' }] });
    await aws('delete-schedule', '--name', 'mine');
    await expect(aws('get-schedule', '--name', 'mine')).rejects.toThrow(/ResourceNotFoundException/);
  }, 60_000);

  test('lists page by page', async () => {
    const workflow = await here.api.publish(quick);
    await Promise.all(Array.from({ length: 12 }, () => schedules.create(workflow, { expression: 'hourly' })));
    const names = new Set<string>();
    for (let NextToken: string | undefined = ''; NextToken !== undefined; ) {
      const page: { Schedules?: { Name?: string | undefined }[] | undefined; NextToken?: string | undefined } =
        await client().send(new ListSchedulesCommand({ GroupName: 'millrun', MaxResults: 5, ...(NextToken && { NextToken }) }));
      for (const { Name = '' } of page.Schedules ?? []) names.add(Name);
      NextToken = page.NextToken;
    }
    expect(names.size).toBeGreaterThanOrEqual(12);
  });
});
