/** What was knocked with, byte for byte, for as long as receipts are kept. */
export interface Payloads {
  put(key: string, bytes: Uint8Array, type: string): Promise<void>;
  /** Undefined once it has been forgotten. */
  get(key: string): Promise<Buffer | undefined>;
}
