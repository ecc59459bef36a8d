import { join } from 'node:path';
import * as z from 'zod';
import { loadTemplate } from '../../local/cloudformation/load.ts';

/** What goes to CloudWatch Logs. */
export interface Logs {
  bytes: number;
  lines: number;
}

/** What CloudWatch adds to each line. */
const LINE_BYTES = 26;

const ID = '8f5c4a5e-4d5c-4b9e-9d5c-1f2e3d4c5b6a';

/** What Lambda writes for each invocation by itself, unless the template wants to hear of what goes wrong alone. */
const OF_LAMBDA = [
  `START RequestId: ${ID} Version: 12\n`,
  `END RequestId: ${ID}\n`,
  `REPORT RequestId: ${ID}\tDuration: 123.45 ms\tBilled Duration: 124 ms\tMemory Size: 512 MB\tMax Memory Used: 123 MB\t\n`,
];

const EXECUTION = 'arn:aws:states:us-east-1:123456789012:express:millrun-runs:01M8E2A1H39F2BV0JNH7DKC2FR-1';

/** What an Express execution that ends as failed writes at the level ERROR, without the data of the execution. */
const OF_FAILED_EXECUTION = ['FailStateEntered', 'ExecutionFailed'].map((type, at) =>
  JSON.stringify({
    id: String(7 + at),
    type,
    details: {},
    redrive_count: '0',
    previous_event_id: String(6 + at),
    event_timestamp: '1795768113000',
    execution_arn: `${EXECUTION}:${ID}`,
  }),
);

/** Values of the length that they usually have, by their names in the format of the access log. */
const OF_REQUEST: Record<string, string> = {
  requestTime: '27/Nov/2026:08:35:13 +0000',
  requestId: 'QzVbhiqJoAMEPHw=',
  'identity.sourceIp': '203.0.113.117',
  routeKey: 'POST /v1/workflows/{workflow_id}/command',
  status: '201',
  responseLength: '1234',
  responseLatency: '123',
  integrationLatency: '101',
};

const stage = z.object({
  Type: z.literal('AWS::ApiGatewayV2::Stage'),
  Properties: z.object({ AccessLogSettings: z.object({ Format: z.string() }) }),
});
const quietFunction = z.object({
  Type: z.literal('AWS::Lambda::Function'),
  Properties: z.object({ LoggingConfig: z.object({ LogFormat: z.literal('JSON'), SystemLogLevel: z.literal('WARN') }) }),
});
const ofEntry = z.object({ Type: z.literal('AWS::Lambda::Function'), Metadata: z.object({ 'millrun:entry': z.string() }) });
const resourcesOf = z.object({ Resources: z.record(z.string(), z.unknown()) });
/** With those of nested stacks. */
const template = resourcesOf.extend({ Nested: z.record(z.string(), resourcesOf).default({}) });

async function resources(): Promise<unknown[]> {
  const { Nested, ...own } = template.parse(await loadTemplate(join(import.meta.dirname, '../..')));
  return [own, ...Object.values(Nested)].flatMap(({ Resources }) => Object.values(Resources));
}

async function linesOfLambda(): Promise<string[]> {
  const functions = (await resources()).filter((one) => ofEntry.safeParse(one).success);
  if (functions.length === 0) throw new Error('The template has no functions');
  return functions.every((one) => quietFunction.safeParse(one).success) ? [] : OF_LAMBDA;
}

/** The line that API Gateway writes for a request, by the format in the template. */
async function accessLine(): Promise<string> {
  const [found] = (await resources()).flatMap((resource) => stage.safeParse(resource).data ?? []);
  if (!found) throw new Error('The template has no stage with an access log');
  return found.Properties.AccessLogSettings.Format.replace(
    /\$context\.([a-zA-Z.]+)/g,
    (_, name: string) => OF_REQUEST[name] ?? '-',
  );
}

const linesOf = (text: string[]): Logs => ({
  bytes: text.reduce((sum, line) => sum + Buffer.byteLength(line) + LINE_BYTES, 0),
  lines: text.length,
});

/** What functions have printed. */
export const printed = (output: string): Logs => linesOf(output.split('\n').filter(Boolean));

/** All that is written for a run that takes so many requests and invocations. */
export async function logsOf(
  ofFunctions: Logs,
  {
    apiRequests,
    lambdaInvocations,
    failedExecutions,
  }: { apiRequests: number; lambdaInvocations: number; failedExecutions: number },
): Promise<Logs> {
  const parts = [
    { each: ofFunctions, times: 1 },
    { each: linesOf([await accessLine()]), times: apiRequests },
    { each: linesOf(await linesOfLambda()), times: lambdaInvocations },
    { each: linesOf(OF_FAILED_EXECUTION), times: failedExecutions },
  ];
  return {
    bytes: parts.reduce((sum, { each, times }) => sum + each.bytes * times, 0),
    lines: parts.reduce((sum, { each, times }) => sum + each.lines * times, 0),
  };
}
