import { Problem } from '../../kernel/problem.ts';
import { parseExpression } from './expression.ts';
import { candidates, nextFires, type Timing } from './fires.ts';
import { wallText, zoneOf } from './zone.ts';

/** Refuses a timing that means nothing or never fires after `now`, and says why. */
export function checkTiming(timing: Timing, now: Date): void {
  parseExpression(timing.expression);
  if (!zoneOf(timing.timezone))
    throw refused(
      'timezone',
      `There is no time zone "${timing.timezone.slice(0, 100)}". Use a name of the IANA database, such as Europe/Berlin or UTC.`,
    );
  const { startAt, endAt } = timing;
  if (startAt !== undefined && endAt !== undefined && endAt <= startAt)
    throw refused('end_at', `The schedule ends (${endAt}) before it starts (${startAt}).`);
  if (endAt !== undefined && endAt <= now.toISOString()) throw refused('end_at', `The schedule ends in the past: ${endAt}.`);
  if (nextFires(timing, now, 1).length === 0) throw refused('expression', neverFires(timing, now));
}

function neverFires(timing: Timing, now: Date): string {
  const { value: leftOut } = candidates(timing, now.getTime()).next();
  if (leftOut)
    return `"${timing.expression}" never fires: ${wallText(leftOut.wall)} is left out by a change of the clock in ${timing.timezone}. Choose dst.gap "shift" or another time.`;
  const bounds =
    (timing.startAt ?? timing.endAt)
      ? ` between ${timing.startAt ?? 'now'} and ${timing.endAt ?? 'the year 2200'}`
      : ' after now';
  return `"${timing.expression}" never fires${bounds}.`;
}

const refused = (name: string, message: string) => new Problem('invalid', message, [{ name, value: message }]);
