declare module 'asl-validator' {
  interface Verdict {
    isValid: boolean;
    errorsText(separator?: string): string;
  }
  /** Writes into the definition. */
  export default function validate(definition: object): Verdict;
}
