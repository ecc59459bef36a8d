/** What Lambda answers when a function did not: the error object of its `FunctionError` responses. */
export interface FailurePayload {
  errorType: string;
  errorMessage: string;
  trace?: string[];
}

/** A function threw, ran out of time or answered more than Lambda passes on. */
export class FunctionFailed extends Error {
  readonly payload: FailurePayload;

  constructor(payload: FailurePayload) {
    super(payload.errorMessage);
    this.name = payload.errorType;
    this.payload = payload;
  }
}

/** The failure as Lambda's Node.js runtime reports what a handler threw. */
export function failureOf(thrown: unknown): FunctionFailed {
  if (!(thrown instanceof Error))
    return new FunctionFailed({ errorType: typeof thrown, errorMessage: String(thrown), trace: [] });
  return new FunctionFailed({
    errorType: thrown.name,
    errorMessage: thrown.message,
    trace: thrown.stack?.split('\n') ?? [],
  });
}
