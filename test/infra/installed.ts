import { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import { parseSettings, type SettingsInput } from '../../infra/settings.ts';
import { synthesize } from '../../infra/synth-template.ts';
import { withNested } from '../../local/cloudformation/nested-stacks.ts';
import { templateSchema } from '../../local/cloudformation/template.ts';

const resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  Metadata: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
});
export type Found = z.infer<typeof resource> & { id: string };

/** The template of an installation with these settings, whatever cdk.json says; what its nested stack holds is among its own. */
export function installed(settings: SettingsInput = {}) {
  const json = withNested(templateSchema.parse(synthesize(parseSettings(settings))));
  const resources = Object.entries(json.Resources).flatMap(([id, one]): Found[] => {
    const found = { id, ...resource.parse(one) };
    return [found, ...inlinePolicies(found)];
  });
  return {
    json,
    template: Template.fromJSON(json),
    ofType: (type: string) => resources.filter((one) => one.Type === type),
    /** A resource by its logical id without the hash. */
    named: (id: string) => {
      const found = resources.find((one) => one.id.replace(/[0-9A-F]{8}$/, '') === id);
      if (!found) throw new Error(`No resource ${id}`);
      return found;
    },
    byId: (id: string) => resources.find((one) => one.id === id),
    functions: resources.filter((one) => one.Type === 'AWS::Lambda::Function'),
  };
}

const inline = z.object({ Policies: z.array(z.object({ PolicyDocument: z.unknown() })).default([]) });

/** The policies within a role, as those that are attached to it are written. */
const inlinePolicies = ({ id, Type, Properties }: Found): Found[] =>
  Type !== 'AWS::IAM::Role'
    ? []
    : inline.parse(Properties).Policies.map(({ PolicyDocument }, at) => ({
        id: `${id}Policy${at}`,
        Type: 'AWS::IAM::Policy',
        Properties: { Roles: [{ Ref: id }], PolicyDocument },
        Metadata: {},
      }));

/** Writes an ARN or a name as one line: `Runs.Arn`, `arn:aws:states:region:account:stateMachine:millrun-*`. */
export function plain(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value) return shortId(String(value.Ref));
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) return value['Fn::GetAtt'].map(String).map(shortId).join('.');
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) return value['Fn::Join'][1].map(plain).join(value['Fn::Join'][0]);
  return JSON.stringify(value);
}

const pseudo: Record<string, string> = { 'AWS::Partition': 'aws', 'AWS::Region': 'region', 'AWS::AccountId': 'account' };

function shortId(id: string): string {
  return pseudo[id] ?? id.replace(/[0-9A-F]{8}$/, '');
}
