import { maySee, projectOf } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { created, noContent, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import { contentTypeOf } from '../../shared/file/content-type.ts';
import { fileV2View, fileView } from '../../shared/file/file.http.ts';
import { type FileRow, type Files, isUploaded } from '../../shared/file/file.ts';
import { files as filesOperations } from '../../shared/file/operations.http.ts';
import type { PresignedUrls } from '../../shared/file/presigned-urls.s3.ts';
import { seeUpload } from '../../shared/file/see-upload.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import { newId } from '../../shared/kernel/id.ts';
import { notFound, Problem } from '../../shared/kernel/problem.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { files, now, presignedUrls, recorder } from '../adapters.ts';

interface Services {
  files: Files;
  presignedUrls: PresignedUrls;
  now: () => Date;
}

export async function createFileV2({ body, caller }: RequestOf<'createFileV2'>, { files, presignedUrls, now }: Services) {
  const project = projectOf(caller, body.agent_id, 'agent');
  const at = now();
  const file: FileRow = {
    id: newId(at.getTime()),
    workspace: caller.workspace,
    ...(project !== undefined && { project }),
    name: body.file_name,
    type: contentTypeOf(body.file_name),
    createdAt: at.toISOString(),
    createdBy: actorOf(caller),
  };
  await files.rows.put(file);
  return created(fileV2View(file, await presignedUrls.upload(file)));
}

export async function listFiles({ query, caller }: RequestOf<'listFiles'>, { files }: Services) {
  const owner = { workspace: caller.workspace, project: projectOf(caller, query.project_id) };
  return ok(pageView(await files.rows.list(owner, { limit: query.limit, token: query.continuation_token }), fileView));
}

export async function getFile({ params, caller }: RequestOf<'getFile'>, services: Services) {
  return ok(fileView(await fileOf(services, caller, params.file_id)));
}

export async function downloadFile({ params, caller }: RequestOf<'downloadFile'>, services: Services) {
  const file = await fileOf(services, caller, params.file_id);
  if (!isUploaded(file))
    throw new Problem('conflict', `File "${file.id}" (${file.name}) has not been uploaded yet.`, [
      { name: 'file_id', value: file.id },
    ]);
  const { url, until } = await services.presignedUrls.download(file, services.now());
  return ok({ url, expires_at: until });
}

export async function deleteFile({ params, caller }: RequestOf<'deleteFile'>, services: Services) {
  const { files } = services;
  const file = await fileOf(services, caller, params.file_id);
  const { id, name, runId } = file;
  if (!(await files.rows.remove(file)))
    throw new Problem('conflict', `File "${id}" (${name}) belongs to a run, which keeps it until its retention ends.`, [
      ...(runId === undefined ? [] : [{ name: 'run_id', value: runId }]),
    ]);
  await files.bytes.remove(file);
  return noContent();
}

/** The file, if it is the caller's, with what is known of its upload by now. */
async function fileOf({ files, now }: Services, caller: Caller, id: string): Promise<FileRow> {
  const file = await files.rows.get(id);
  // One without a project is there for every project of the workspace.
  if (!file || !maySee(caller, { ...file, project: file.project ?? caller.project })) throw notFound('file', id);
  return seeUpload(files, file, now());
}

export const handler = http(
  filesOperations,
  { createFileV2, listFiles, getFile, downloadFile, deleteFile },
  () => ({
    files,
    presignedUrls: presignedUrls(),
    now,
  }),
  recorder,
);
