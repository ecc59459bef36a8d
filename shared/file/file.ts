import * as z from 'zod';
import { actor } from '../kernel/actor.ts';
import type { Page, PageOf } from '../kernel/page.ts';

/** What is known of a file; its bytes lie in the bucket. */
export const fileRow = z.object({
  id: z.string(),
  workspace: z.string(),
  /** Absent: any project of the workspace may use it. */
  project: z.string().optional(),
  name: z.string(),
  type: z.string(),
  createdAt: z.string(),
  createdBy: actor.optional(),
  /** From here on it counts: its bytes were seen whole. */
  uploadedAt: z.string().optional(),
  size: z.int().optional(),
  sha256: z.string().optional(),
  /** Of the bytes that were seen, to know them again. */
  etag: z.string().optional(),
  /** The first run that has it; from then on it cannot be deleted. */
  runId: z.string().optional(),
  /** What its bytes are kept for: the test whose copy it is, which is in no list, or a legal hold. */
  keptBy: z.string().optional(),
});
export type FileRow = z.infer<typeof fileRow>;

/** What tells where the bytes of a file lie. */
export type FilePlace = Pick<FileRow, 'id' | 'keptBy'>;

/** Begins the name of what keeps the bytes of a file for a legal hold. */
export const HELD = 'hold-';

/** Where they are kept for it. */
export interface HeldPlace {
  keptBy: string;
  etag: string;
}

/** A file whose bytes were seen. */
export type UploadedFile = FileRow & { uploadedAt: string; size: number; sha256: string };

export const isUploaded = (file: FileRow): file is UploadedFile =>
  file.uploadedAt !== undefined && file.size !== undefined && file.sha256 !== undefined;

export const FILE_LIMIT_BYTES = 100 * 1024 * 1024;

/** What a form must hold to put a file where it belongs. */
export interface Upload {
  url: string;
  fields: Record<string, string>;
}

export interface FileRows {
  put(file: FileRow): Promise<void>;
  /** Stores what was seen of an upload, once: what another has seen before stands. Undefined when the file is gone. */
  see(file: UploadedFile): Promise<FileRow | undefined>;
  get(id: string): Promise<FileRow | undefined>;
  /** The run has it; its row stays as long as the run's. `etag`: of the bytes, when they have another one now. */
  hold(id: string, runId: string, at: Date, etag?: string): Promise<void>;
  /** Ids of those that steps of the run have made. */
  madeBy(runId: string): Promise<string[]>;
  /** It stays while the run is under a legal hold. `place`: where its bytes lie from now on; false when something else keeps them. */
  placeHold(id: string, runId: string, place?: HeldPlace): Promise<boolean>;
  /** The run's hold is over; gives the file when no other one holds it. */
  liftHold(id: string, runId: string): Promise<FileRow | undefined>;
  /** Its time counts from now on, and its bytes lie where those of others do; false when another run holds it meanwhile. */
  endHold(file: FileRow, now: Date, etag: string | undefined): Promise<boolean>;
  /** False when a run has it. */
  remove(file: FileRow): Promise<boolean>;
  list(owner: { workspace: string; project?: string | undefined }, page: PageOf): Promise<Page<FileRow>>;
  /** Writes the copy that a test has. */
  keep(copy: UploadedFile): Promise<void>;
  /** Removes such a copy. */
  drop(id: string): Promise<void>;
}

export interface FileBytes {
  /** What lies there now; undefined when nothing does. */
  look(id: string): Promise<{ size: number; type: string; etag: string } | undefined>;
  /** The bytes under that etag. Throws `FileChanged` when others have taken their place. */
  read(file: FilePlace, etag: string | undefined): Promise<AsyncIterable<Uint8Array>>;
  write(id: string, content: AsyncIterable<Uint8Array>, type: string): Promise<{ etag: string }>;
  /** Lets them count as new, so that they are kept as long as what was made now. What was written in parts has another etag then. */
  renew(file: FilePlace): Promise<{ etag: string }>;
  /** The same bytes for another file; undefined when they are gone, or others have taken their place. */
  copy(file: FilePlace & Pick<FileRow, 'etag'>, copy: FilePlace): Promise<{ etag: string } | undefined>;
  remove(file: FilePlace): Promise<void>;
}

/** Files of runs: their rows and their bytes. */
export interface Files {
  rows: FileRows;
  bytes: FileBytes;
}

/** The bytes are not there any more, or not those that were seen. */
export class FileChanged extends Error {
  constructor(id: string) {
    super(`The bytes of file ${id} are not those that were uploaded.`);
    this.name = 'FileChanged';
  }
}
