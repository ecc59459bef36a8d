import { promisesOfFilters } from '../contract/run-filters.ts';
import { promisesOfRuns } from '../contract/runs.ts';
import { MemoryRuns, MemoryValues } from './memory-runs.ts';

const values = new MemoryValues();
const runs = new MemoryRuns(values);

promisesOfRuns(() => ({ runs, values, expiryOf: async (id) => runs.expiryOf(id) }));
promisesOfFilters(() => runs);
