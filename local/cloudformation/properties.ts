import type * as z from 'zod';
import type { Resource } from './stack.ts';
import { TemplateRefused } from './template.ts';

/** What a resource says, or a refusal that names each property that is not served, with its place. */
export function propertiesOf<Schema extends z.ZodType>(resource: Resource, schema: Schema): z.infer<Schema> {
  const { success, data, error } = schema.safeParse(resource.properties);
  if (success) return data;
  const faults = error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ');
  throw new TemplateRefused(`${resource.logicalId} (${resource.type}) asks for what the embedded cloud cannot serve: ${faults}`);
}
