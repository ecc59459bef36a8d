/** What a test has the function of a stream do with a batch of names. */
export const heard: string[][] = [];
export const behaviour: { answer: (names: string[], numbers: string[]) => unknown } = { answer: () => undefined };

interface Record {
  dynamodb: { SequenceNumber: string; Keys: { pk: { S: string } }; NewImage?: { n?: { S: string } } };
}

/**
 * The function of test/local/event-sources.test.ts.
 * @public called by name
 */
export async function handler({ Records }: { Records: Record[] }): Promise<unknown> {
  const names = Records.map(({ dynamodb: { Keys, NewImage } }) => `${Keys.pk.S}${NewImage?.n?.S ?? ''}`);
  heard.push(names);
  return behaviour.answer(
    names,
    Records.map(({ dynamodb }) => dynamodb.SequenceNumber),
  );
}
