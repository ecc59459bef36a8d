const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** In which of so many parts of a partition a row stands: by the last letter of its ULID, which is random. One key takes 1,000 write units a second. */
export const shardOf = (id: string, shards: number) => Math.max(0, CROCKFORD.indexOf(id.at(-1) ?? '')) % shards;
