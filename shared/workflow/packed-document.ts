import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import { parseJson } from '../kernel/json.ts';
import type { Document } from './document.ts';

/** A checked document in its row. As JSON it can be larger than its text, and than the 400 KB that a row may have; packed it is far below. */
export const packed = (document: Document): Uint8Array => gzipSync(JSON.stringify(document));

/** What was packed had been checked. */
const checkedDocument = z.custom<Document>((value) => typeof value === 'object' && value !== null && 'steps' in value);

/** The other way round. */
export const unpacked = (bytes: Uint8Array): Document => checkedDocument.parse(parseJson(gunzipSync(bytes).toString()));
