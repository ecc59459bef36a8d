import { synthesize } from '../../infra/synth-template.ts';

/** `node local/cloudformation/synthesize.ts <settings as JSON>` writes the template. */
process.stdout.write(JSON.stringify(synthesize(JSON.parse(process.argv[2] ?? '{}'))));
