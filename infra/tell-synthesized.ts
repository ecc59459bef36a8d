import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What `npm run synth` ends with. */
const path = 'cdk.out/Millrun.template.json';
const template = z.object({ Resources: z.record(z.string(), z.object({ Type: z.string() })) });

const { Resources } = template.parse(JSON.parse(readFileSync(join(import.meta.dirname, '..', path), 'utf8')));
const types = Object.values(Resources).map(({ Type }) => Type);
const count = (type: string) => types.filter((one) => one === type).length;

console.log(`${path}: ${types.length} resources, among them ${count('AWS::Lambda::Function')} functions, ${count('AWS::DynamoDB::Table')} tables, \
${count('AWS::StepFunctions::StateMachine')} state machines, ${count('AWS::ApiGatewayV2::Route')} routes, ${count('AWS::CloudWatch::Alarm')} alarms.
Next, with AWS credentials in your shell:
  npm run cdk -- diff        what a deployment would change
  npm run cdk -- bootstrap   once in each account and region
  npm run cdk -- deploy      docs/deploy.md says which settings there are`);
