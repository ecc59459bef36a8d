import { idOf } from '../kernel/id.ts';
import { Slots } from '../kernel/slots.ts';
import { type Files, isUploaded } from './file.ts';

const AT_ONCE = 10;

/** Who keeps copies, and since when: the same keeper and file make the same copy. */
export interface Keeper {
  id: string;
  createdAt: string;
}

/** Copies files for their keeper; gives the id of each copy by that of its file. What is gone, or has not been uploaded, is left out. */
export async function copyFiles({ rows, bytes }: Files, ids: string[], keeper: Keeper): Promise<Map<string, string>> {
  const slots = new Slots(AT_ONCE);
  const copyOf = async (id: string): Promise<[string, string] | undefined> => {
    const file = await rows.get(id);
    if (!file || !isUploaded(file)) return undefined;
    const copy = { ...file, id: idOf(`${keeper.id}/${id}`, Date.parse(keeper.createdAt)), keptBy: keeper.id };
    const copied = await bytes.copy(file, copy);
    if (!copied) return undefined;
    await rows.keep({ ...copy, etag: copied.etag });
    return [id, copy.id];
  };
  const copies = await Promise.all([...new Set(ids)].map((id) => slots.run(() => copyOf(id))));
  return new Map(copies.filter((pair) => pair !== undefined));
}

/** Removes copies: the bytes first, so that whoever was interrupted finds the rest. */
export async function dropCopies({ rows, bytes }: Files, ids: string[], { id: keptBy }: Pick<Keeper, 'id'>): Promise<void> {
  const slots = new Slots(AT_ONCE);
  const drop = async (id: string) => {
    await bytes.remove({ id, keptBy });
    await rows.drop(id);
  };
  await Promise.all(ids.map((id) => slots.run(() => drop(id))));
}
