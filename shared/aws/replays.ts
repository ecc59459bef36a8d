import type { Door } from '../trigger/receipt.ts';
import type { Replay } from '../trigger/replay.ts';

/** Every door that can start again what it turned away; a door without a line here cannot. */
export const replays = (): Partial<Record<Door, Replay>> => ({});
