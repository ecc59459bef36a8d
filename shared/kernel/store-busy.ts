/** A store refuses or does not answer, and has done so for as long as it is worth waiting for: what was asked for may be asked for again. */
export class StoreBusy extends Error {
  constructor(cause: unknown) {
    super(`The store is busy: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : cause}`, { cause });
    this.name = 'StoreBusy';
  }
}
