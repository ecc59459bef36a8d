import * as z from 'zod';
import { actor, page, resourceId, time } from '../../edge/schema.ts';
import { viewOf } from '../../edge/snake-case.ts';
import { type Comment, EDITABLE_MINUTES } from './comment.ts';

const MAX_CHARACTERS = 4_000;

/** Lines of text: no control characters but the end of a line and the tab. */
const lines = z
  .string()
  .max(MAX_CHARACTERS, `must have ${MAX_CHARACTERS} characters at most`)
  .regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/, 'must not hold control characters')
  .regex(/\S/, 'must not be empty');

export const commentBody = z.strictObject({ text: lines });

export const commentEntry = z
  .object({
    id: resourceId,
    run_id: resourceId,
    actor,
    text: z.string(),
    created_at: time.meta({ description: `Its author can change it for ${EDITABLE_MINUTES} minutes from then on` }),
    edited_at: time.nullable(),
  })
  .meta({ id: 'Comment' });
export const commentEntries = page(commentEntry).meta({ id: 'CommentList' });

export const commentView = (comment: Comment) => viewOf(commentEntry, comment);
