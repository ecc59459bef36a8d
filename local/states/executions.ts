import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AwsError } from '../aws/aws-error.ts';
import type { JsonOperations } from '../aws/json-protocol.ts';
import { checkExecutionArn, checkName, executionArn, parseMachineArn } from './arns.ts';
import type { Engine } from './engine.ts';
import { historyOf } from './history.ts';
import type { MachineStore } from './machine-store.ts';
import { page, seconds } from './paging.ts';
import type { Execution, Executions } from './store.ts';

const MAX_INPUT_BYTES = 256 * 1024;

const start = z.object({ stateMachineArn: z.string(), name: z.string().optional(), input: z.string().default('{}') });
const stop = z.object({ executionArn: z.string(), error: z.string().optional(), cause: z.string().optional() });
const one = z.object({ executionArn: z.string() });
const list = z.object({ stateMachineArn: z.string(), statusFilter: z.string().optional() });

/** The operations on executions. */
export function executionOperations({
  executions,
  machines,
  engine,
}: {
  executions: Executions;
  machines: MachineStore;
  engine: Engine;
}): JsonOperations {
  const found = (arn: string): Execution => {
    const execution = executions.get(checkExecutionArn(arn));
    if (!execution) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return execution;
  };

  const startable = (text: string): ReturnType<typeof parseMachineArn> => {
    const parsed = parseMachineArn(text);
    const machine = machines.get(parsed.machine);
    if (!machine || (parsed.versionArn && !machines.getVersion(parsed.versionArn))) {
      throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${text}'`);
    }
    if (machine.deleting) throw new AwsError('StateMachineDeleting', `State Machine is deleting: '${text}'`);
    return parsed;
  };

  return {
    StartExecution(input) {
      const request = start.parse(input);
      checkInput(request.input);
      const { machine, name: machineName, versionArn } = startable(request.stateMachineArn);
      const name = checkName(request.name ?? randomUUID());
      const row = {
        arn: executionArn(machineName, name),
        machineArn: machine,
        versionArn: versionArn ?? null,
        name,
        input: request.input,
        startedMs: Date.now(),
      };
      if (executions.insert(row)) {
        engine.begin({ ...row, status: 'RUNNING', stoppedMs: null, output: null, error: null, cause: null });
        return { executionArn: row.arn, startDate: seconds(row.startedMs) };
      }
      const existing = found(row.arn);
      if (existing.status !== 'RUNNING' || existing.input !== row.input) {
        throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${row.arn}'`);
      }
      return { executionArn: existing.arn, startDate: seconds(existing.startedMs) };
    },

    StopExecution(input) {
      const { executionArn: arn, error, cause } = stop.parse(input);
      const before = found(arn);
      engine.stop(before, { status: 'ABORTED', error, cause });
      return { stopDate: seconds(before.stoppedMs ?? found(arn).stoppedMs ?? Date.now()) };
    },

    DescribeExecution: (input) => described(found(one.parse(input).executionArn)),

    ListExecutions(input) {
      const { stateMachineArn, statusFilter: status } = list.parse(input);
      const { machine } = parseMachineArn(stateMachineArn);
      if (!machines.get(machine))
        throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
      const { items, nextToken } = page(input, (limit, offset) => executions.list(machine, { status, limit, offset }));
      return { executions: items.map(listed), nextToken };
    },

    GetExecutionHistory: (input) => historyOf(found(one.parse(input).executionArn), input),
  };
}

function checkInput(input: string): void {
  if (Buffer.byteLength(input) > MAX_INPUT_BYTES) {
    throw new AwsError(
      'ValidationException',
      "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to 262144",
    );
  }
  try {
    JSON.parse(input);
  } catch {
    throw new AwsError('InvalidExecutionInput', "Invalid State Machine Execution Input: 'the input is not JSON'");
  }
}

function listed({ arn, machineArn, versionArn, name, status, startedMs, stoppedMs }: Execution) {
  return {
    executionArn: arn,
    stateMachineArn: machineArn,
    ...(versionArn && { stateMachineVersionArn: versionArn }),
    name,
    status,
    startDate: seconds(startedMs),
    ...(stoppedMs !== null && { stopDate: seconds(stoppedMs) }),
    redriveCount: 0,
  };
}

function described(execution: Execution) {
  const { input, output, error, cause } = execution;
  return {
    ...listed(execution),
    input,
    inputDetails: { included: true },
    ...(output !== null && { output, outputDetails: { included: true } }),
    ...(error !== null && { error }),
    ...(cause !== null && { cause }),
    redriveStatus: 'NOT_REDRIVABLE',
    redriveStatusReason: 'The embedded cloud does not redrive',
  };
}
