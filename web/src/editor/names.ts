/** Ids of the steps of a text, also while it has problems. */
export const stepIdsOf = (text: string): string[] => [
  ...new Set([...text.matchAll(/^[ \t]*(?:- )?[ \t]*id:[ \t]*['"]?([\w-]+)/gm)].map(([, id = '']) => id)),
];

/** Names that the input schema knows. */
export function inputsOf(schema: unknown): string[] {
  const properties = typeof schema === 'object' && schema !== null ? Reflect.get(schema, 'properties') : undefined;
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}
