import * as z from 'zod';
import { type FlatTemplate, type Template, TemplateRefused } from './template.ts';

type Value = unknown;

const parameters = z.looseObject({ Parameters: z.record(z.string(), z.unknown()).default({}) });
const reference = z.strictObject({ Ref: z.string() });
const attribute = z.strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });

/**
 * The template with the resources of its nested stacks among its own: parameters stand for what they are given, outputs for what they tell. Nested resources
 * are called after their stack, so that no two have one name.
 */
export function withNested({ Nested, ...template }: Template): FlatTemplate {
  const stacks = new Map(Object.entries(Nested).map(([id, nested]) => [id, opened(id, nested, template)]));
  const outward = (value: Value) =>
    replaced(value, (node) => {
      const [id, output] = attribute.safeParse(node).data?.['Fn::GetAtt'] ?? [];
      return stacks.get(id ?? '')?.outputs.get(output ?? '');
    });
  const own = Object.entries(template.Resources).filter(([id]) => !stacks.has(id));
  const all = [...own, ...[...stacks.values()].flatMap(({ resources }) => resources)];
  return {
    ...template,
    Resources: Object.fromEntries(all.map(([id, one]) => [id, { ...one, Properties: properties(one, outward) }])),
    Outputs: Object.fromEntries(
      Object.entries(template.Outputs).map(([name, one]) => [name, { ...one, Value: outward(one.Value) }]),
    ),
  };
}

type Resource = FlatTemplate['Resources'][string];

/** A nested stack as its parent sees it. */
interface Opened {
  resources: [id: string, Resource][];
  /** By `Outputs.<name>`, as the parent asks for them. */
  outputs: Map<string, Value>;
}

function opened(id: string, nested: FlatTemplate, { Resources }: FlatTemplate): Opened {
  for (const part of ['Conditions', 'Mappings'] as const)
    if (Object.keys(nested[part]).length > 0) throw new TemplateRefused(`${part} of the nested stack ${id} are not served`);
  const given = parameters.parse(Resources[id]?.Properties ?? {}).Parameters;
  const name = (resource: string) => `${id.replace(/NestedStack.*$/, '')}${resource}`;
  const inward = (value: Value) =>
    replaced(value, (node) => {
      const ref = reference.safeParse(node).data?.Ref;
      if (ref !== undefined) return given[ref] ?? (ref in nested.Resources ? { Ref: name(ref) } : undefined);
      const [resource, asked] = attribute.safeParse(node).data?.['Fn::GetAtt'] ?? [];
      if (resource !== undefined) return { 'Fn::GetAtt': [name(resource), asked] };
      if ('Fn::Sub' in node) throw new TemplateRefused(`Fn::Sub is not served in a nested stack (${id})`);
      return undefined;
    });
  return {
    resources: Object.entries(nested.Resources).map(([own, one]) => [
      name(own),
      { ...one, Properties: properties(one, inward), DependsOn: one.DependsOn.map(name) },
    ]),
    outputs: new Map(Object.entries(nested.Outputs).map(([output, { Value }]) => [`Outputs.${output}`, inward(Value)])),
  };
}

const properties = ({ Properties }: Resource, by: (value: Value) => Value): Record<string, Value> =>
  Object.fromEntries(Object.entries(Properties).map(([name, value]) => [name, by(value)]));

/** The value with every intrinsic function that `by` knows a value for replaced by that. */
function replaced(value: Value, by: (node: object) => Value): Value {
  if (Array.isArray(value)) return value.map((item) => replaced(item, by));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  // An intrinsic function is an object of one key.
  const other = entries.length === 1 ? by(value) : undefined;
  return other ?? Object.fromEntries(entries.map(([key, item]) => [key, replaced(item, by)]));
}
