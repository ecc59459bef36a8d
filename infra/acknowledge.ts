import { Stack, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** Answers a finding of `npm run nag` beside the construct it concerns. */
export function acknowledge(construct: IConstruct, rule: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}

/** Says why a policy of `construct` may hold a resource with a wildcard. */
export function acknowledgeWildcard(construct: IConstruct, arn: string, reason: string): void {
  acknowledge(construct, `IAM5[Resource::${flat(Stack.of(construct).resolve(arn))}]`, reason);
}

/** The notation of cdk-nag: `<Table.Arn>/*`, `arn:<AWS::Partition>:...`. */
function flat(node: unknown): string {
  if (typeof node !== 'object' || node === null) return String(node);
  if ('Ref' in node) return `<${node.Ref}>`;
  if ('Fn::GetAtt' in node && Array.isArray(node['Fn::GetAtt'])) return `<${node['Fn::GetAtt'].join('.')}>`;
  if ('Fn::Join' in node && Array.isArray(node['Fn::Join'])) return node['Fn::Join'][1].map(flat).join(node['Fn::Join'][0]);
  return JSON.stringify(node);
}
