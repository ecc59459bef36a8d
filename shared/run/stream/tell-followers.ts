import type { RunFollower, StreamedChange } from './streamed-change.ts';

export type FollowerFailed = (failure: { follower: string; changes: readonly string[]; error?: unknown }) => void;

/** Tells every follower, whatever becomes of the others. Answers the ids of the changes that some follower could not deal with. */
export async function tellFollowers(
  followers: readonly RunFollower[],
  changes: readonly StreamedChange[],
  failed: FollowerFailed,
): Promise<string[]> {
  if (changes.length === 0) return [];
  const all = changes.map(({ id }) => id);
  const told = await Promise.all(
    followers.map(async ({ name, follow }) => {
      try {
        const missed = await follow(changes);
        if (missed.length > 0) failed({ follower: name, changes: missed });
        return missed;
      } catch (error) {
        failed({ follower: name, changes: all, error });
        return all;
      }
    }),
  );
  const missed = new Set(told.flat());
  return all.filter((id) => missed.has(id));
}
