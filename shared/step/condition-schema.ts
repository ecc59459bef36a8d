import { z } from 'zod';

const expected = 'must be true, false or one ${ ... } expression';

/** What `if`, `when` and `runIf` look like in a document. */
export const condition = z.union([z.boolean(), z.string().regex(/^\s*\$\{[\s\S]*\}\s*$/, expected)], { error: expected });
