/** What was delivered, byte for byte, for as long as deliveries are kept. */
export interface Payloads {
  put(key: string, bytes: Uint8Array, type: string): Promise<void>;
  /** Undefined once it has been forgotten. */
  get(key: string): Promise<Buffer | undefined>;
}
