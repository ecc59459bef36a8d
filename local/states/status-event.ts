import { randomUUID } from 'node:crypto';
import { ACCOUNT, REGION } from '../aws/account.ts';
import type { Execution } from './store.ts';

/** Larger inputs and outputs are left out of events. */
const MAX_DATA_BYTES = 248 * 1024;

/** The event that EventBridge raises when an execution starts or ends. */
export function statusChange(execution: Execution) {
  const { arn, machineArn, versionArn, name, status, startedMs, stoppedMs, input, output, error, cause } = execution;
  const withOutput = output !== null && output.length <= MAX_DATA_BYTES;
  const withInput = input.length + (withOutput ? output.length : 0) <= MAX_DATA_BYTES;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    account: ACCOUNT,
    time: new Date(stoppedMs ?? startedMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: REGION,
    resources: [arn],
    detail: {
      executionArn: arn,
      stateMachineArn: machineArn,
      stateMachineVersionArn: versionArn,
      stateMachineAliasArn: null,
      name,
      status,
      startDate: startedMs,
      stopDate: stoppedMs,
      redriveCount: 0,
      redriveDate: null,
      redriveStatus: status === 'RUNNING' || status === 'SUCCEEDED' ? 'NOT_REDRIVABLE' : 'REDRIVABLE',
      redriveStatusReason: status === 'SUCCEEDED' ? 'Execution is SUCCEEDED and cannot be redriven' : null,
      input: withInput ? input : null,
      inputDetails: { included: withInput },
      output: withOutput ? output : null,
      outputDetails: output === null ? null : { included: withOutput },
      error,
      cause,
    },
  };
}

export type StatusChange = ReturnType<typeof statusChange>;
