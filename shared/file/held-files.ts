import { type FileRow, type Files, HELD, type HeldPlace, isUploaded } from './file.ts';

type HeldFiles = {
  rows: Pick<Files['rows'], 'get' | 'placeHold' | 'liftHold' | 'endHold'>;
  bytes: Pick<Files['bytes'], 'copy' | 'remove'>;
};

/** The run whose hold it is, and since when: a hold that is placed anew has a place of its own, which no end of an earlier one clears. */
export interface Holder {
  runId: string;
  since: string;
}

/** Keeps a file where nothing expires, for as long as a run that has it is under a legal hold. */
export async function holdFile({ rows, bytes }: HeldFiles, id: string, { runId, since }: Holder): Promise<void> {
  const file = await rows.get(id);
  if (!file) return;
  const place = file.keptBy === undefined && isUploaded(file) ? await copied({ bytes }, file, { runId, since }) : undefined;
  if (place && (await rows.placeHold(id, runId, place))) return;
  await rows.placeHold(id, runId);
  // Another run's hold was first.
  if (place && (await rows.get(id))?.keptBy !== place.keptBy) await bytes.remove({ id, keptBy: place.keptBy });
}

async function copied(
  { bytes }: Pick<HeldFiles, 'bytes'>,
  file: FileRow,
  { runId, since }: Holder,
): Promise<HeldPlace | undefined> {
  const keptBy = `${HELD}${runId}-${Date.parse(since)}`;
  const copy = await bytes.copy(file, { id: file.id, keptBy });
  return copy && { keptBy, etag: copy.etag };
}

/** Unless another run holds it, it is again a file like others, as old as what is uploaded now. The bytes last, so that its row never tells of what is gone. */
export async function releaseFile({ rows, bytes }: HeldFiles, id: string, runId: string, now: Date): Promise<void> {
  const file = await rows.liftHold(id, runId);
  if (!file) return;
  const { keptBy } = file;
  const copy = keptBy === undefined ? undefined : await bytes.copy(file, { id });
  if ((await rows.endHold(file, now, copy?.etag)) && keptBy !== undefined) await bytes.remove({ id, keptBy });
}
