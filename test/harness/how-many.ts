/**
 * How many rounds, mails, ... a test makes: as many as the variable says, as in `npm run soak`, or the usual number. A loop that would not run
 * at all asserts nothing, so that is refused.
 */
export function howMany(variable: string, usual: number): number {
  const count = Number(process.env[variable] ?? usual);
  if (!Number.isInteger(count) || count < 1) throw new Error(`${variable} is ${process.env[variable]}; it must be 1 or more`);
  return count;
}
