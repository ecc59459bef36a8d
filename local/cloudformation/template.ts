import * as z from 'zod';

const record = z.record(z.string(), z.unknown());

const resource = z.object({
  Type: z.string(),
  Properties: record.default({}),
  Metadata: record.default({}),
  Condition: z.string().optional(),
});

/** A CloudFormation template as the CDK writes it. */
export const templateSchema = z.object({
  Parameters: z.record(z.string(), z.object({ Type: z.string(), Default: z.unknown().optional() })).default({}),
  Conditions: record.default({}),
  Mappings: z.record(z.string(), z.record(z.string(), record)).default({}),
  Resources: z.record(z.string(), resource),
});

export type Template = z.infer<typeof templateSchema>;

/** The template asks for something that is not served here; the message names it. */
export class TemplateRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemplateRefused';
  }
}
