import { App } from 'aws-cdk-lib/core';
import { MillrunStack } from './millrun-stack.ts';
import { settingsFromContext } from './settings.ts';

const app = new App();
new MillrunStack(app, 'Millrun', { settings: settingsFromContext(app.node) });
app.synth();
