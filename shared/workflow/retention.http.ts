import * as z from 'zod';
import { viewOf } from '../edge/snake-case.ts';
import { type Retention, retention } from './retention.ts';

export const retentionBody = retention.meta({
  id: 'RetentionDays',
  description: 'Days after the end of a run, by what it came to; as long as the installation keeps runs where nothing is said',
});

const days = z.int().nullable();

export const retentionView = z
  .object({
    succeeded: days,
    failed: days,
    stopped: days,
    most: z.int().meta({ description: 'Days that the installation keeps runs' }),
  })
  .meta({ id: 'Retention' });

export const retentionShown = (given: Retention | undefined, most: number) => viewOf(retentionView, { ...given, most });
