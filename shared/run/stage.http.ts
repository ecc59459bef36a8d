import * as z from 'zod';
import { STAGES } from './model/status.ts';

export const stage = z.enum(STAGES).meta({ id: 'ProcessStage', description: 'Stage of a process' });
