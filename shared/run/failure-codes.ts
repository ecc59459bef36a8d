/** A code under which a step or a run fails: what it means and what to do about it. */
export interface FailureCode {
  code: string;
  of: 'step' | 'run';
  meaning: string;
  what_to_do: string;
}

/** Every failure code. Names that `raise` gives stand beside these. The table in docs/errors.md is made of this one. */
export const FAILURE_CODES: FailureCode[] = [
  {
    code: 'HttpClientError',
    of: 'step',
    meaning:
      'The server answered 4xx, or another status below 500 that `expect` does not name; or it redirected more than 10 times, with a body to another origin, or to something that is no http or https URL.',
    what_to_do:
      'The request is wrong for this server, so the same request will fail again. Read the start of the answer in the message: an address, a field, a permission (401, 403). If the status is a fair answer (404 for "none yet"), name it in `expect`.',
  },
  {
    code: 'HttpServerError',
    of: 'step',
    meaning: 'The server answered 5xx, or its answer says it is JSON and is not, or holds a number too large for JSON (`1e999`).',
    what_to_do:
      'Mostly passes: `retry: {on: [HttpServerError], attempts: 3, delay: 2s}`; the `Retry-After` of a 503 is waited for. Every attempt carries the same `Idempotency-Key`, so a server that honours it acts once.',
  },
  {
    code: 'TooManyRequests',
    of: 'step',
    meaning: 'The server answered 429. `data.retryAfterSeconds` is the wait it asks for, when it does.',
    what_to_do:
      '`retry: {on: [TooManyRequests]}` waits at least that long, a day at most; lower the `concurrency` of the `forEach` around the step.',
  },
  {
    code: 'ConnectionFailed',
    of: 'step',
    meaning:
      "No whole answer: the host is unknown, refuses, closes, has no valid certificate, speaks no HTTP, or has an address that steps may not reach. `data.code` is the system's word (`ECONNREFUSED`, `ENOTFOUND`, `CERT_HAS_EXPIRED`, `ADDRESS_REFUSED`, ...); `CIRCUIT_OPEN`: its connection is out of order, and nobody was called.",
    what_to_do:
      'Check host and port. A passing fault is worth a `retry`; mind that the server may have acted on a POST before it hung up. `ADDRESS_REFUSED`: the address is private; an administrator can allow its network with `ALLOWED_NETWORKS`.',
  },
  {
    code: 'Timeout',
    of: 'step',
    meaning:
      'The step took longer than its `timeout` (60 s when it gives none). The call was given up; the server may still act on it.',
    what_to_do: 'Raise `timeout` (890 s at most), ask for less at a time, or retry.',
  },
  {
    code: 'CredentialRejected',
    of: 'step',
    meaning:
      'The step names a `connection` that its project does not have, that may not be sent to that host, or whose credential the other side refuses (401).',
    what_to_do: 'Look at `GET /v1/connections/{connection_id}`: its `status` says why. Add the host, or give it another secret.',
  },
  {
    code: 'LlmRequestFailed',
    of: 'step',
    meaning: 'The model could not be asked: its service answered with an error, or not at all.',
    what_to_do:
      'The message has the answer. `retry` it; a 400 usually names a model that is not there or a question that is too long.',
  },
  {
    code: 'LlmOutputInvalid',
    of: 'step',
    meaning: 'The model gave an answer that does not fit `schema`, twice, or was cut at `maxTokens`.',
    what_to_do: 'The message has what it said. Say more in `prompt`, ask for less in `schema`, or raise `maxTokens`.',
  },
  {
    code: 'McpToolFailed',
    of: 'step',
    meaning: 'The tool says that it failed, or the server that it cannot call it.',
    what_to_do: 'The message has its text.',
  },
  {
    code: 'MailRefused',
    of: 'step',
    meaning:
      'SES or the mail server does not take the mail: for its sender, for one of its recipients, for what is in it; or the installation sends no mail.',
    what_to_do:
      'The message has the answer. An account in the sandbox of SES sends to verified addresses only; a mail server wants a sender that it knows (`from` of the connection).',
  },
  {
    code: 'EmitFailed',
    of: 'step',
    meaning: 'The event bus did not take the event, after five tries where that may pass.',
    what_to_do: 'The message has the answer. `retry` it: an event has the same id each time, so that consumers can tell.',
  },
  {
    code: 'ExpressionError',
    of: 'step',
    meaning:
      'An expression failed, or gave a value that the field cannot take: a URL that is none, a header with a line break, a list where text is wanted. The message names step, field and position.',
    what_to_do:
      "Correct the expression. Compare with the step's input and the outputs it reads, which the run shows. Numbers that arrive as text want `$number(...)`, what may be null `$present(...)`.",
  },
  {
    code: 'InputInvalid',
    of: 'step',
    meaning:
      'What the step is given does not fit: the inputs of a `run` step the `input` schema of its workflow, the arguments of a tool its schema, a mail or an event the size that is sent; or its connection is of another type. The message names the field.',
    what_to_do:
      'Correct what the step says, or the schema. A start by API with such inputs is refused with 400: there is no run.',
  },
  {
    code: 'OutputTooLarge',
    of: 'step',
    meaning:
      'An answer or a value is larger than 5 MiB, counted after decompression, or nests lists and objects deeper than 500 levels; or what the steps of a group give is more than 32 MiB together.',
    what_to_do:
      'Ask for less: a page, fewer fields. `output` does not help, since it sees the answer only once it is whole; on the steps inside a group it does.',
  },
  {
    code: 'FileUnavailable',
    of: 'step',
    meaning:
      "A file that the step is to send does not exist in the run's project, was never uploaded, or its bytes were replaced after they were seen. The message names the file.",
    what_to_do: 'Look at the expression that gives the id. Upload the file again and start a run with the new one.',
  },
  {
    code: 'LimitReached',
    of: 'step',
    meaning:
      'The condition `until` of a `repeat` did not hold after `max` rounds, there were more pages than `max` of `paginate` allows, or a loop would give the run more than 250,000 steps.',
    what_to_do:
      'If more rounds may help, run again from `failed`: it takes up to `max` rounds more. Else look at what the last round or page gave, mend `until` or `next`, or raise `max`. Of a loop in a loop, let the outer one start a `run` for each item.',
  },
  {
    code: 'StepInterrupted',
    of: 'step',
    meaning:
      'The worker stopped while the step was in flight and the step says `repeatable: false`, as `email` does by itself, or a mail server hung up with the mail in its hands: nobody knows whether it took effect.',
    what_to_do: 'Look in the other system, then run again from this step and confirm the repetition, or from the one after it.',
  },
  {
    code: 'ChildRunFailed',
    of: 'step',
    meaning:
      'The run that a `run` step started has failed, was stopped, or stands too deep below other runs. The message has its id.',
    what_to_do:
      'Open the child run. Mend it there, then run the parent again from the failed step: a child is run again from where it failed.',
  },
  {
    code: 'ApprovalRejected',
    of: 'step',
    meaning: 'Somebody has rejected the `approval`; the message says who, and their comment.',
    what_to_do:
      'Nothing failed. If a rejection is an ordinary result, `onReject: continue`, or take it with `catch: [{on: [ApprovalRejected], steps: [...]}]`.',
  },
  {
    code: 'ApprovalExpired',
    of: 'step',
    meaning: 'Nobody has answered the `approval` before it expired.',
    what_to_do:
      'Run again from `failed`: people are asked anew. Give `expires` more time, or `retry: {on: [ApprovalExpired]}` to ask again by itself.',
  },
  {
    code: 'NotRecorded',
    of: 'step',
    meaning:
      'A test whose outside calls are answered from the record made a call that its run had not made, or made the `output` of a step in another way than its run.',
    what_to_do:
      'Look at the step: the workflow calls more, or in other rounds, than it did. Run the tests for real, or make the test of a newer run.',
  },
  {
    code: 'RUN_FAILED',
    of: 'step',
    meaning: 'The step was in flight when another step failed the run.',
    what_to_do: 'Mend the step that failed; this one is executed again by a rerun from the failure.',
  },
  {
    code: 'GROUP_FAILED',
    of: 'step',
    meaning:
      'The step was in flight when another step of its group failed; the group is tried again, or its `catch` took the failure.',
    what_to_do: 'Look at the step that failed first. This one is executed again by the next try.',
  },
  {
    code: 'RUN_STOPPED',
    of: 'step',
    meaning: 'The step was in flight when somebody stopped the run. The call was given up; the server may still act on it.',
    what_to_do: 'Look at the reason of the stop. A rerun from `failed` goes on here.',
  },
  {
    code: 'RUN_TIMED_OUT',
    of: 'step',
    meaning: 'The step was in flight when the run reached its `timeout`.',
    what_to_do: "Raise the document's `timeout`, or find the step that took so long; then run again from `failed`.",
  },
  {
    code: 'DRAIN_TIMEOUT',
    of: 'step',
    meaning:
      'The step was still in flight when the time of a graceful stop was over. The call was given up; the server may still act on it.',
    what_to_do: 'A rerun from `failed` executes it again. Look in the other system first when that would do harm.',
  },
  {
    code: 'DRAIN_TIMEOUT',
    of: 'run',
    meaning: 'Steps were still in flight when the time of a graceful stop was over.',
    what_to_do: 'Give `drain_timeout` more seconds than the longest step takes, or stop immediately.',
  },
  {
    code: 'Timeout',
    of: 'run',
    meaning: 'The run reached its deadline.',
    what_to_do: "Raise the document's `timeout`, then run again from `failed`.",
  },
];
