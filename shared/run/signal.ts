/**
 * Names that steer the state machine beside the stable error names: StepRetry (this attempt failed and another is due), RunParked (the run is
 * paused), RunEnded (the run has been settled, or is about to be, by something else), WorkerFault (the machine calls again later).
 */
export class Control extends Error {
  constructor(name: 'StepRetry' | 'RunParked' | 'RunEnded' | 'WorkerFault', message: string) {
    super(message);
    this.name = name;
  }
}
