import { arn } from '../aws/account.ts';
import { AwsError } from '../aws/aws-error.ts';

const FORBIDDEN = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]/u;
const MACHINE = /^(arn:[^:]+:states:[^:]+:[^:]+:stateMachine:([^:]+))(?::([^:]+))?$/;
const EXECUTION = /^arn:[^:]+:states:[^:]+:[^:]+:execution:[^:]+:[^:]+$/;

export function machineArn(name: string): string {
  return arn('states', `stateMachine:${name}`);
}

export function executionArn(machineName: string, name: string): string {
  return arn('states', `execution:${machineName}:${name}`);
}

/** The machine, and the version if the ARN names one. */
export function parseMachineArn(text: string): { machine: string; name: string; versionArn: string | undefined } {
  const [, machine, name, version] = MACHINE.exec(text) ?? [];
  if (!machine || !name) throw new AwsError('InvalidArn', `Invalid Arn: '${text}'`);
  return { machine, name, versionArn: version ? text : undefined };
}

export function checkExecutionArn(text: string): string {
  if (!EXECUTION.test(text)) throw new AwsError('InvalidArn', `Invalid Arn: '${text}'`);
  return text;
}

/** Names of machines and executions: 1 to 80 characters, none of those that Step Functions refuses. */
export function checkName(name: string): string {
  if (name.length < 1 || name.length > 80 || FORBIDDEN.test(name)) throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
  return name;
}
