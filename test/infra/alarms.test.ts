import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runLists } from '../../infra/api-functions.ts';
import { installed } from './installed.ts';

const { ofType } = installed();
const alarms = ofType('AWS::CloudWatch::Alarm').map(({ Properties }) => ({
  name: String(Properties['AlarmName']),
  description: String(Properties['AlarmDescription']),
  properties: Properties,
}));
const headings = readFileSync('docs/runbook.md', 'utf8').matchAll(/^## (.+)$/gm);
const anchors = [...headings].map(([, heading = '']) => heading.replaceAll('`', ''));

test.each(alarms)('$name has its page in the runbook', ({ description }) => {
  const [, anchor = ''] = /docs\/runbook\.md#([a-z-]+)$/.exec(description) ?? [];
  expect(anchors).toContain(anchor);
});

test('something watches the worker, the API, the safety net, starts and tables', () => {
  expect(alarms.map(({ name }) => name).sort()).toEqual([
    'millrun-api-errors',
    'millrun-counters-late',
    'millrun-executions-lost',
    'millrun-fires-overdue',
    'millrun-reconciler-errors',
    'millrun-runs-overdue',
    'millrun-start-throttles',
    'millrun-stream-late',
    'millrun-sweeper-errors',
    'millrun-sweeper-silent',
    'millrun-table-throttles-access',
    'millrun-table-throttles-analytics',
    'millrun-table-throttles-files',
    'millrun-table-throttles-jobs',
    'millrun-table-throttles-live',
    'millrun-table-throttles-runs',
    'millrun-table-throttles-runs-2',
    'millrun-table-throttles-triggers',
    'millrun-table-throttles-workflows',
    'millrun-undelivered-changes',
    'millrun-undelivered-events',
    'millrun-undelivered-fires',
    'millrun-undelivered-messages',
    'millrun-worker-errors',
    'millrun-worker-throttles',
  ]);
});

test('only the silence of the sweeper is bad news', () => {
  const bad = alarms.filter(({ properties }) => properties['TreatMissingData'] === 'breaching');
  expect(bad.map(({ name }) => name)).toEqual(['millrun-sweeper-silent']);
});

test('the age of the oldest due run is what the sweeper counts, and what Step Functions ends itself is counted with what it finds', () => {
  const metrics = Object.fromEntries(alarms.map(({ name, properties }) => [name, properties]));
  expect(metrics['millrun-runs-overdue']).toMatchObject({
    Namespace: 'Millrun',
    MetricName: 'OldestDueSeconds',
    Statistic: 'Maximum',
    Threshold: 300,
  });
  const lost = JSON.stringify(metrics['millrun-executions-lost']);
  for (const name of ['ExecutionsLost', 'ExecutionsTimedOut', 'ExecutionsAborted'])
    expect(lost).toContain(`"MetricName":"${name}"`);
  // A failed run is an execution that has failed: nothing to wake anybody for.
  expect(lost).not.toContain('ExecutionsFailed');
});

test('throttles of every index are counted with those of its table', () => {
  const runs = JSON.stringify(alarms.filter(({ name }) => name.startsWith('millrun-table-throttles-runs')));
  for (const index of [...runLists, 'live']) {
    expect(runs).toContain(`{"Name":"GlobalSecondaryIndexName","Value":"${index}"}`);
  }
});

test('alarms are told to the owner who wants to hear', () => {
  for (const { properties } of alarms) expect(properties).not.toHaveProperty('AlarmActions');

  const told = installed({ alarmEmail: 'ops@example.com', alarmTopicArn: 'arn:aws:sns:eu-west-1:111122223333:pages' });
  told.template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@example.com' });
  for (const { Properties } of told.ofType('AWS::CloudWatch::Alarm')) {
    expect(Properties['AlarmActions']).toEqual([
      'arn:aws:sns:eu-west-1:111122223333:pages',
      { Ref: told.named('AlarmsTopic').id },
    ]);
  }
});

test('the dashboard shows what the functions count', () => {
  const body = JSON.stringify(ofType('AWS::CloudWatch::Dashboard'));
  expect(body).toContain('ExecutionsStarted');
  for (const metric of ['RunsSucceeded', 'RunsFailed', 'StepsExecuted']) {
    expect(body).toContain(`\\"Millrun\\",\\"${metric}\\",\\"service\\",\\"millrun\\"`);
  }
});
