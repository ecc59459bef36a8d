import * as z from 'zod';
import { deleteRun, reasonToKeep } from '../../run/delete/delete-run.ts';
import { runVerb } from '../verb.ts';

export const deletion = runVerb({
  role: 'admin',
  word: 'run.delete',
  params: z.object({}),
  exclusion: async (services, run) => (await reasonToKeep(services, run))?.replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/, 'that'),
  async act(services, run) {
    await deleteRun(services, run);
    return undefined;
  },
  done: (run) => (run === undefined ? {} : undefined),
});
