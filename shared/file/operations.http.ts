import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { listQuery, resourceId } from '../edge/schema.ts';
import { announceFileV2, fileDownload, fileEntries, fileEntry, fileV2 } from './file.http.ts';

const at = { tag: 'files', entry: 'api/files' } as const;
const params = z.object({ file_id: resourceId });

export const files = {
  createFileV2: operation({
    ...at,
    method: 'POST',
    path: '/v2/files',
    summary: 'Announce a file; upload it with a multipart form within five minutes',
    act: 'file.create',
    role: 'operator',
    body: announceFileV2,
    responses: { 201: fileV2 },
  }),
  listFiles: operation({
    ...at,
    method: 'GET',
    path: '/v1/files',
    summary: 'Files, newest first',
    query: z.strictObject({ project_id: resourceId.optional(), ...listQuery(25) }),
    responses: { 200: fileEntries },
  }),
  getFile: operation({
    ...at,
    method: 'GET',
    path: '/v1/files/{file_id}',
    summary: 'One file',
    params,
    responses: { 200: fileEntry },
  }),
  downloadFile: operation({
    ...at,
    method: 'GET',
    path: '/v1/files/{file_id}/download',
    summary: 'A link to its bytes, good for five minutes',
    params,
    responses: { 200: fileDownload },
    // It has not been uploaded.
    refuses: [409],
  }),
  deleteFile: operation({
    ...at,
    method: 'DELETE',
    path: '/v1/files/{file_id}',
    summary: 'Delete a file that no run has',
    act: 'file.delete',
    role: 'operator',
    params,
    responses: { 204: '' },
  }),
};
