import { placesClock, promisesOfPlaces } from '../contract/places.ts';
import { promisesOfFilters } from '../contract/run-filters.ts';
import { promisesOfRuns } from '../contract/runs.ts';
import { MemoryPlaces } from './memory-places.ts';
import { MemoryRuns, MemoryValues } from './memory-runs.ts';

const values = new MemoryValues();
const places = new MemoryPlaces(placesClock.now);
const runs = new MemoryRuns(values, undefined, places);

promisesOfRuns(() => ({ runs, values, expiryOf: async (id) => runs.expiryOf(id) }));
promisesOfFilters(() => runs);
promisesOfPlaces(() => ({ runs, places }));
