import * as z from 'zod';
import { time } from '../edge/schema.ts';
import { viewOf } from '../edge/snake-case.ts';
import { type Maintenance, maintenance } from './maintenance.ts';

export const maintenanceBody = z.strictObject({
  window: maintenance
    .nullable()
    .meta({ id: 'MaintenanceWindow', description: 'From when until when runs are accepted and do not begin; null for none' }),
});

export const maintenanceView = z
  .object({
    window: z
      .object({ from: time, until: time, reason: z.string().nullable() })
      .nullable()
      .meta({ id: 'MaintenanceWindowShown' }),
    active: z.boolean().meta({ description: 'Runs that are started now wait' }),
  })
  .meta({ id: 'Maintenance' });

export const maintenanceShown = (window: Maintenance | undefined, active: boolean) => viewOf(maintenanceView, { window, active });
