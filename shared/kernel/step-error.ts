/**
 * The stable names under which a step fails: one word each, documented with cause and cure. Beside them stand the names that `raise` gives.
 */
export const STEP_ERRORS = [
  'HttpClientError',
  'HttpServerError',
  'TooManyRequests',
  'ConnectionFailed',
  'Timeout',
  'CredentialRejected',
  'ExpressionError',
  'InputInvalid',
  'OutputTooLarge',
  'FileUnavailable',
  'LimitReached',
  'LlmRequestFailed',
  'LlmOutputInvalid',
  'McpToolFailed',
  'MailRefused',
  'EmitFailed',
  'StepInterrupted',
  'ChildRunFailed',
  'ApprovalRejected',
  'ApprovalExpired',
  'NotRecorded',
] as const;

/** A message stands in three places of a run, each of them a part of a row. */
const MESSAGE_CHARS = 4_000;

/** A step fails with a stable name (or the one a `raise` gave) and a message for people. */
export class StepError extends Error {
  /** More for people who look closely: a status, the start of a body. Never secrets. */
  readonly data: unknown;

  constructor(name: (typeof STEP_ERRORS)[number] | (string & {}), message: string, data?: unknown) {
    super(message.length > MESSAGE_CHARS ? `${message.slice(0, MESSAGE_CHARS).toWellFormed()}...` : message);
    this.name = name;
    this.data = data;
  }
}

/** What was thrown beneath the client of somebody else: a step fails with that. */
export function stepErrorBeneath(error: unknown): StepError | undefined {
  if (error instanceof StepError) return error;
  return error instanceof Error && error.cause !== undefined ? stepErrorBeneath(error.cause) : undefined;
}
