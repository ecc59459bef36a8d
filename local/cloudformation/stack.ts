import * as z from 'zod';
import { ACCOUNT, PARTITION, REGION } from '../aws/account.ts';
import { attributeOf, type Identity, identify } from './identity.ts';
import { holds, resolve, type Scope } from './intrinsics.ts';
import { withNested } from './nested-stacks.ts';
import { type FlatTemplate, TemplateRefused, templateSchema } from './template.ts';
import { refuseUnknownTypes } from './types.ts';

/** A resource of the stack with its intrinsics resolved. */
export interface Resource {
  logicalId: string;
  type: string;
  /** Its physical name, what `Ref` gives. */
  name: string;
  properties: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

const STACK = 'millrun';

const PSEUDO: Record<string, unknown> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
  'AWS::Partition': PARTITION,
  'AWS::StackName': STACK,
  'AWS::StackId': `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${STACK}/embedded`,
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::NoValue': undefined,
  'AWS::NotificationARNs': [],
};

/** The stack that a template declares, ready to be brought up. Refuses by name what cannot be served. */
export class Stack {
  readonly resources: readonly Resource[];

  constructor(source: unknown) {
    const template = withNested(templateSchema.parse(source));
    const scope = scopeOf(template);
    const wanted = Object.entries(template.Resources).filter(([, { Condition }]) => !Condition || scope.condition(Condition));
    refuseUnknownTypes(Object.fromEntries(wanted));
    this.resources = wanted.map(([logicalId, { Type, Properties, Metadata }]) => ({
      logicalId,
      type: Type,
      name: z.string().parse(scope.ref(logicalId)),
      properties: z.record(z.string(), z.unknown()).parse(resolve(Properties, scope)),
      metadata: Metadata,
    }));
  }

  /** The resources of one type. */
  ofType(...types: string[]): Resource[] {
    return this.resources.filter(({ type }) => types.includes(type));
  }
}

function scopeOf(template: FlatTemplate): Scope {
  const known = new Map<string, Identity>();

  const identityOf = (logicalId: string): Identity => {
    const found = known.get(logicalId);
    if (found) return found;
    const resource = template.Resources[logicalId];
    if (!resource) throw new TemplateRefused(`The template refers to ${logicalId}, which it does not declare`);
    const identity = identify(resource.Type, {
      logicalId,
      unique: `${STACK}-${logicalId}`,
      property: (name) => z.string().optional().parse(resolve(resource.Properties[name], scope)),
    });
    known.set(logicalId, identity);
    return identity;
  };

  const scope: Scope = {
    ref(name) {
      if (name in PSEUDO) return PSEUDO[name];
      const parameter = template.Parameters[name];
      if (!parameter) return identityOf(name).ref;
      if (parameter.Default === undefined) throw new TemplateRefused(`The parameter ${name} has no default`);
      return parameter.Default;
    },
    attribute: (id, name) => attributeOf(template.Resources[id]?.Type ?? '', id, identityOf(id), name),
    condition: (name) => holds(template.Conditions[name], scope),
    mapping: (map, first, second) => template.Mappings[map]?.[first]?.[second],
  };
  return scope;
}
