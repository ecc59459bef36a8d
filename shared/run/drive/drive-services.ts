import type { Calls } from '../../connection/calls.ts';
import type { Connections } from '../../connection/connection.ts';
import type { Opener } from '../../connection/open-connection.ts';
import type { Executors, Speaker } from '../../step/kind.ts';
import type { Recordings } from '../recorded.ts';
import type { StartServices } from '../start/start-request.ts';

/** What a driver works with: all that a start needs, for child runs, and what reaches outside. */
export type DriveServices = StartServices & {
  executors: Executors;
  openConnection: Opener;
  connections: Connections;
  calls: Calls;
  recordings: Recordings;
  /** Absent where nobody can listen. */
  speaker?: Speaker;
};
