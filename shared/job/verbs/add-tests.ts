import * as z from 'zod';
import { idOf } from '../../kernel/id.ts';
import type { Run } from '../../run/model/run.ts';
import { addTest, FULL, reasonAgainst } from '../../suite/add-test.ts';
import { MOST_TESTS } from '../../suite/test-case.ts';
import type { JobServices } from '../ports.ts';
import { runVerb } from '../verb.ts';

/** What is known of a workflow while tests are made of its runs: why there can be none, or the runs that have one and how many more fit. */
type Room = { reason: string } | { runs: ReadonlySet<string>; left: number };

async function roomOf({ tests, workflows }: JobServices, workflowId: string): Promise<Room> {
  const [workflow, all] = await Promise.all([workflows.get(workflowId), tests.list(workflowId)]);
  if (!workflow || workflow.deletedAt) return { reason: 'Its workflow has been deleted.' };
  return { runs: new Set(all.map(({ runId }) => runId)), left: MOST_TESTS - all.length };
}

/** Rooms by workflow, each asked for once. */
function rooms(services: JobServices): (workflowId: string) => Promise<Room> {
  const known = new Map<string, Promise<Room>>();
  return (workflowId) => {
    const room = known.get(workflowId) ?? roomOf(services, workflowId);
    known.set(workflowId, room);
    return room;
  };
}

function takeRoom(room: Room, { id }: Run): string | undefined {
  if ('reason' in room) return room.reason;
  if (room.runs.has(id)) return 'A test has been made of it already.';
  if (room.left <= 0) return FULL;
  room.left -= 1;
  return undefined;
}

/** The id of the test follows from job and run: whoever comes again finds the one that was made. */
export const addTests = runVerb({
  role: 'editor',
  word: 'test.add',
  params: z.object({ compare: z.array(z.string()), ignore: z.array(z.string()) }),
  remember: rooms,
  exclusion: async (_, run, __, roomIn) => reasonAgainst(run) ?? takeRoom(await roomIn(run.workflowId), run),
  async act(services, run, { compare, ignore }, job) {
    const id = idOf(`${job.id}/${run.id}`, Date.parse(job.createdAt));
    const test = await addTest(services, run, { id, compare, ignore, actor: job.actor });
    return { testId: test.id };
  },
});
