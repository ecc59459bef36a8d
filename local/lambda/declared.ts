import * as z from 'zod';
import type { Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';

/** A function of the stack whose source we have. */
export interface DeclaredFunction {
  name: string;
  arn: string;
  /** Path of the source from the root of the repository. */
  entry: string;
  exportName: string;
  timeoutMs: number;
  memoryMb: number;
  environment: Record<string, string>;
}

const properties = z.object({
  Handler: z.string(),
  Timeout: z.number().default(3),
  MemorySize: z.number().default(128),
  Environment: z.object({ Variables: z.record(z.string(), z.string()).default({}) }).optional(),
});

/** Functions that the CDK adds to a stack for its own ends have no entry; nothing here calls them. */
export function declaredFunctions(stack: Stack, toArn: (name: string) => string): DeclaredFunction[] {
  return stack.ofType('AWS::Lambda::Function').flatMap((resource) => {
    const entry = z.string().optional().parse(resource.metadata['millrun:entry']);
    if (!entry) return [];
    const { Handler, Timeout, MemorySize, Environment } = properties.parse(resource.properties);
    return {
      name: resource.name,
      arn: toArn(resource.name),
      entry,
      exportName: Handler.split('.').at(-1) ?? 'handler',
      timeoutMs: Timeout * 1000,
      memoryMb: MemorySize,
      environment: Environment?.Variables ?? {},
    };
  });
}

/** Set by Lambda or by Node.js when it starts; a running process cannot take them over. */
const OF_THE_PROCESS = new Set(['NODE_OPTIONS']);

/** One process has one environment: a name that means two things in two functions is refused. */
export function mergedEnvironment(functions: DeclaredFunction[]): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const { name: owner, environment } of functions) {
    for (const [name, value] of Object.entries(environment)) {
      if (OF_THE_PROCESS.has(name)) continue;
      if ((merged[name] ?? value) !== value) {
        throw new TemplateRefused(
          `${name} is "${merged[name]}" in one function and "${value}" in ${owner}; here they share one process`,
        );
      }
      merged[name] = value;
    }
  }
  return merged;
}
