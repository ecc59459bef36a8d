import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AwsError } from '../aws/aws-error.ts';
import type { JsonOperations } from '../aws/json-protocol.ts';
import type { Usage } from '../usage/usage.ts';
import { checkExecutionArn, checkMachineArn, checkName, executionArn, expressArn } from './arns.ts';
import { billedMs, type Executions } from './executions.ts';
import type { Machine } from './machines.ts';
import { page, seconds } from './paging.ts';
import type { Execution, ExecutionStore, NewExecution } from './store.ts';

const MAX_INPUT_BYTES = 256 * 1024;

const start = z.object({ stateMachineArn: z.string(), name: z.string().optional(), input: z.string().default('{}') });
const stop = z.object({ executionArn: z.string(), error: z.string().optional(), cause: z.string().optional() });
const one = z.object({ executionArn: z.string() });
const list = z.object({ stateMachineArn: z.string(), statusFilter: z.string().optional() });

interface Parts {
  machines: ReadonlyMap<string, Machine>;
  store: ExecutionStore;
  executions: Executions;
  usage: Usage['stepFunctions'];
}

/** The operations of Step Functions that are served. */
export function stepFunctionsOperations({ machines, store, executions, usage }: Parts): JsonOperations {
  const machineOf = (text: string): Machine => {
    const machine = machines.get(checkMachineArn(text));
    if (!machine) throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${text}'`);
    return machine;
  };

  const found = (arn: string): Execution => {
    const execution = store.get(checkExecutionArn(arn));
    if (!execution) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return execution;
  };

  const kindOf = (text: string, express: boolean): Machine => {
    const machine = machineOf(text);
    if (machine.express === express) return machine;
    throw new AwsError('StateMachineTypeNotSupported', 'This operation is not supported by this type of state machine');
  };

  const inserted = (machine: Machine, request: z.infer<typeof start>): { execution: NewExecution; isNew: boolean } => {
    checkInput(request.input);
    const name = checkName(request.name ?? randomUUID());
    const arn = machine.express ? expressArn(machine.name, name, randomUUID()) : executionArn(machine.name, name);
    const execution = { arn, machine: machine.arn, name, input: request.input, startedMs: Date.now() };
    const isNew = store.insert(execution);
    if (isNew) count(machine);
    return { execution, isNew };
  };

  const count = ({ express }: Machine) => {
    usage.executions += 1;
    if (express) usage.expressExecutions += 1;
    else usage.transitions += 1;
  };

  return {
    StartExecution(input) {
      const request = start.parse(input);
      const machine = machineOf(request.stateMachineArn);
      const { execution, isNew } = inserted(machine, request);
      if (isNew) {
        void executions.begin(machine, execution);
        return { executionArn: execution.arn, startDate: seconds(execution.startedMs) };
      }
      const existing = found(execution.arn);
      if (existing.status !== 'RUNNING' || existing.input !== execution.input)
        throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${execution.arn}'`);
      return { executionArn: existing.arn, startDate: seconds(existing.startedMs) };
    },

    async StartSyncExecution(input) {
      const request = start.parse(input);
      const machine = kindOf(request.stateMachineArn, true);
      const { execution } = inserted(machine, request);
      const ending = await executions.begin(machine, execution);
      const stoppedMs = Date.now();
      return {
        executionArn: execution.arn,
        stateMachineArn: machine.arn,
        name: execution.name,
        input: execution.input,
        inputDetails: { included: true },
        startDate: seconds(execution.startedMs),
        stopDate: seconds(stoppedMs),
        ...ending,
        billingDetails: { billedDurationInMilliseconds: billedMs(stoppedMs - execution.startedMs), billedMemoryUsedInMB: 64 },
      };
    },

    StopExecution(input) {
      const { executionArn: arn, error, cause } = stop.parse(input);
      const { stoppedMs } = found(arn);
      executions.stop(arn, { status: 'ABORTED', error, cause });
      return { stopDate: seconds(stoppedMs ?? Date.now()) };
    },

    DescribeExecution: (input) => described(found(one.parse(input).executionArn)),

    ListExecutions(input) {
      const { stateMachineArn, statusFilter } = list.parse(input);
      const { arn } = kindOf(stateMachineArn, false);
      const { items, nextToken } = page(input, (limit, offset) => store.list(arn, statusFilter, { limit, offset }));
      return { executions: items.map(listed), nextToken };
    },

    ListStateMachines: () => ({ stateMachines: [...machines.values()].map(listedMachine) }),
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

const listedMachine = ({ arn, name, express }: Machine) => ({
  stateMachineArn: arn,
  name,
  type: express ? 'EXPRESS' : 'STANDARD',
  creationDate: 0,
});

const listed = ({ arn, machine, name, status, startedMs, stoppedMs }: Execution) => ({
  executionArn: arn,
  stateMachineArn: machine,
  name,
  status,
  startDate: seconds(startedMs),
  ...(stoppedMs !== null && { stopDate: seconds(stoppedMs) }),
  redriveCount: 0,
});

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
