import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What `npm run synth` ends with. */
const path = 'cdk.out/Millrun.template.json';
const template = z.object({ Resources: z.record(z.string(), z.object({ Type: z.string() })) });

const root = join(import.meta.dirname, '..');
const nested = readdirSync(join(root, 'cdk.out')).filter((name) => name.endsWith('.nested.template.json'));
const types = [path, ...nested.map((name) => `cdk.out/${name}`)].flatMap((file) =>
  Object.values(template.parse(JSON.parse(readFileSync(join(root, file), 'utf8'))).Resources).map(({ Type }) => Type),
);
const count = (type: string) => types.filter((one) => one === type).length;

console.log(`${path}: ${types.length} resources with those of its nested stack, among them ${count('AWS::Lambda::Function')} functions, \
${count('AWS::DynamoDB::Table')} tables, ${count('AWS::StepFunctions::StateMachine')} state machines, ${count('AWS::ApiGatewayV2::Route')} routes, \
${count('AWS::CloudWatch::Alarm')} alarms.
Next, with AWS credentials in your shell:
  npm run cdk -- diff        what a deployment would change
  npm run cdk -- bootstrap   once in each account and region
  npm run cdk -- deploy      docs/deploy.md says which settings there are`);
