/** An error that a `Retry` or a `Catch` of the machine matches by name. */
export class TaskError extends Error {
  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
  }
}
