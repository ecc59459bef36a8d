import * as z from 'zod';

const record = z.record(z.string(), z.unknown());

const resource = z.looseObject({
  Type: z.string(),
  Properties: record.default({}),
  Metadata: record.default({}),
  Condition: z.string().optional(),
  DependsOn: z.preprocess((value) => (value === undefined ? [] : [value].flat()), z.array(z.string())),
});

const flat = z.object({
  Parameters: z.record(z.string(), z.object({ Type: z.string(), Default: z.unknown().optional() })).default({}),
  Conditions: record.default({}),
  Mappings: z.record(z.string(), z.record(z.string(), record)).default({}),
  Resources: z.record(z.string(), resource),
  Outputs: z.record(z.string(), z.looseObject({ Value: z.unknown() })).default({}),
});

/** A CloudFormation template as the CDK writes it, with those of its nested stacks by their logical ids. */
export const templateSchema = flat.extend({ Nested: z.record(z.string(), flat).default({}) });

export type FlatTemplate = z.infer<typeof flat>;
export type Template = z.infer<typeof templateSchema>;

/** The template asks for something that is not served here; the message names it. */
export class TemplateRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemplateRefused';
  }
}
