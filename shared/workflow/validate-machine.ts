import validate from 'asl-validator';

/** What is wrong with a state machine; nothing for one that Step Functions takes. */
export function validateMachine(machine: object): string[] {
  // The validator writes its defaults into what it reads.
  const { isValid, errorsText } = validate(structuredClone(machine));
  return isValid ? [] : [errorsText('\n')];
}
