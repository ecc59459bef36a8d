import { AwsSolutionsChecks } from 'cdk-nag';
import { unbundled } from './synth-template.ts';

const { app } = unbundled({ alarmEmail: 'operator@example.com', mailDomain: 'mail.example.com', mailActive: true });
const { violations } = new AwsSolutionsChecks().validateScope(app);

for (const { severity, ruleName, description, violatingResources } of violations) {
  console.error(`${severity} ${ruleName}: ${description}`);
  for (const { constructPath } of violatingResources) console.error(`  ${constructPath}`);
}
console.log(
  violations.length === 0 ? 'cdk-nag: nothing unanswered.' : `cdk-nag: ${violations.length} findings to fix or answer.`,
);
process.exitCode = violations.length === 0 ? 0 : 1;
