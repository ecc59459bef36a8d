/** An error as state machines know them: a name that a `Retry` matches, and a cause. */
export class StatesError extends Error {
  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
  }
}
