import * as z from 'zod';
import { actor, page, resourceId, words } from '../edge/schema.ts';
import { viewOf } from '../edge/snake-case.ts';
import { type FileRow, isUploaded, type Upload } from './file.ts';

export const announceFileV2 = z
  .strictObject({ file_name: words(256), agent_id: resourceId.optional() })
  .meta({ id: 'CreateFileRequest' });

export const fileV2 = z
  .object({
    id: resourceId,
    file_name: z.string(),
    upload_url: z.string(),
    upload_http_method: z.literal('POST'),
    upload_fields: z
      .record(z.string(), z.string())
      .meta({ description: 'Fields of the multipart form, before the field `file`' }),
    upload_http_headers: z.record(z.string(), z.string()),
  })
  .meta({ id: 'FileResource' });

export const fileEntry = z
  .object({
    id: resourceId,
    name: z.string(),
    project_id: z.string().nullable(),
    status: z.enum(['announced', 'uploaded']),
    type: z.string(),
    size: z.int().nullable(),
    sha256: z.string().nullable(),
    run_id: z.string().nullable().meta({ description: 'The first run that has it; it cannot be deleted any more' }),
    created_at: z.iso.datetime(),
    created_by: actor.nullable(),
    uploaded_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'File' });

export const fileEntries = page(fileEntry).meta({ id: 'FileList' });

export const fileDownload = z.object({ url: z.string(), expires_at: z.iso.datetime() }).meta({ id: 'FileDownload' });

export const fileV2View = ({ id, name }: FileRow, { url, fields }: Upload): z.input<typeof fileV2> => ({
  id,
  file_name: name,
  upload_url: url,
  upload_http_method: 'POST',
  upload_fields: fields,
  upload_http_headers: {},
});

export const fileView = (file: FileRow) =>
  viewOf(fileEntry, { ...file, projectId: file.project, status: isUploaded(file) ? 'uploaded' : 'announced' });
