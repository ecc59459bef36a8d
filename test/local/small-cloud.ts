import { startCloud } from '../../local/cloud.ts';
import { smallStack } from './small-stack.ts';

/** `node small-cloud.ts <data folder>`: the small stack in a process that can be killed. */
const cloud = await startCloud({ port: 0, awsPort: 0, dataDir: process.argv[2] ?? '', apiKey: 'local-dev-key' }, smallStack);
console.log(`ready ${cloud.cloudUrl}`);
