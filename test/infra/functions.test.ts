import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { installed, plain } from './installed.ts';

const { functions, byId, ofType } = installed({ logRetentionDays: 90 });

describe.each(functions.map((fn) => ({ entry: String(fn.Metadata['millrun:entry']), ...fn })))(
  '$entry',
  ({ entry, Properties }) => {
    test('exists', () => {
      expect(existsSync(entry)).toBe(true);
    });

    test('runs on Node 24 and arm64', () => {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        MemorySize: 512,
      });
    });

    test('logs to a group of its own that forgets', () => {
      const { LogGroup } = Object(Properties['LoggingConfig']);
      expect(byId(LogGroup.Ref)?.Properties).toMatchObject({ RetentionInDays: 90 });
      const sharing = functions.filter((fn) => plain(fn.Properties['LoggingConfig']) === plain(Properties['LoggingConfig']));
      expect(sharing).toHaveLength(1);
    });

    test('counts and logs under the name of the installation', () => {
      expect(Properties['Environment']).toMatchObject({
        Variables: {
          NODE_OPTIONS: '--enable-source-maps',
          POWERTOOLS_SERVICE_NAME: 'millrun',
          POWERTOOLS_METRICS_NAMESPACE: 'Millrun',
          POWERTOOLS_LOG_LEVEL: 'INFO',
        },
      });
    });
  },
);

test('nothing is traced unless the owner asks for it', () => {
  const traced = (settings: { tracing?: boolean }) =>
    installed(settings).functions.filter(({ Properties }) => Properties['TracingConfig'] !== undefined);
  expect(traced({})).toEqual([]);
  expect(traced({ tracing: true })).toHaveLength(functions.length);
});

test('every log group forgets', () => {
  for (const { Properties } of ofType('AWS::Logs::LogGroup')) expect(Properties).toMatchObject({ RetentionInDays: 90 });
});

test('a variable means the same in every function', () => {
  const meanings = new Map<string, Set<string>>();
  for (const { Properties } of functions) {
    for (const [name, value] of Object.entries(Object(Properties['Environment']).Variables)) {
      meanings.set(name, (meanings.get(name) ?? new Set()).add(plain(value)));
    }
  }
  for (const [name, values] of meanings) expect([name, values.size]).toEqual([name, 1]);
  expect(Object.fromEntries([...meanings].map(([name, values]) => [name, [...values].join()]))).toMatchObject({
    RUNS_TABLE: 'StoresRuns',
    WORKFLOWS_TABLE: 'StoresWorkflows',
    ACCESS_TABLE: 'StoresAccess',
    VALUES_BUCKET: 'StoresValues',
    RUNS_MACHINE_ARN: 'arn:aws:states:region:account:stateMachine:millrun-runs',
    LONG_RUNS_MACHINE_ARN: 'arn:aws:states:region:account:stateMachine:millrun-long-runs',
    RETENTION_DAYS: '90',
    ALLOWED_NETWORKS: '',
  });
});
