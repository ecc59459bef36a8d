/** A mail as it goes out: who gets it says the envelope, whatever stands in its head. */
export interface OutgoingMail {
  from: string;
  to: readonly string[];
  raw: Buffer;
}

/** Where mail goes out. */
export interface Outgoing {
  /** Answers the id under which it was taken. */
  send(mail: OutgoingMail): Promise<string>;
}
