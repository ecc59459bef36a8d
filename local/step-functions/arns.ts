import { arn } from '../aws/account.ts';
import { AwsError } from '../aws/aws-error.ts';

const FORBIDDEN = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]/u;
const MACHINE = /^arn:[^:]+:states:[^:]+:[^:]+:stateMachine:[^:]+$/;
const EXECUTION = /^arn:[^:]+:states:[^:]+:[^:]+:execution:[^:]+:[^:]+$/;

export const executionArn = (machine: string, name: string) => arn('states', `execution:${machine}:${name}`);

/** Executions of Express machines may share a name; `unique` tells them apart. */
export const expressArn = (machine: string, name: string, unique: string) =>
  arn('states', `express:${machine}:${name}:${unique}`);

export function checkMachineArn(text: string): string {
  if (!MACHINE.test(text)) throw new AwsError('InvalidArn', `Invalid Arn: '${text}'`);
  return text;
}

/** Throws for those of Express executions too: nobody can ask for them. */
export function checkExecutionArn(text: string): string {
  if (!EXECUTION.test(text)) throw new AwsError('InvalidArn', `Invalid Arn: '${text}'`);
  return text;
}

/** Names of executions: 1 to 80 characters, none of those that Step Functions refuses. */
export function checkName(name: string): string {
  if (name.length < 1 || name.length > 80 || FORBIDDEN.test(name)) throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
  return name;
}
