/** An event as a bus takes it. */
export interface BusEvent {
  source: string;
  type: string;
  at: Date;
  /** The CloudEvent, as JSON. */
  detail: string;
}

/** Why a bus did not take an event. */
export interface NotTaken {
  code: string;
  message: string;
}

/** The event bus of the installation. */
export interface EventBus {
  /** Answers why it did not take the event; undefined when it did. */
  put(event: BusEvent): Promise<NotTaken | undefined>;
}
