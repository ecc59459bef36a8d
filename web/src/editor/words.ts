/** Kinds of steps, as a document writes them. */
export const kindNames = ['http', 'set', 'wait', 'raise', 'switch', 'parallel', 'forEach', 'repeat', 'run'];
