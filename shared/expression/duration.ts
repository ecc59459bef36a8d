const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

export const DURATION_PATTERN = /^[1-9][0-9]{0,8}[smhd]$/;

/** The words for what is no duration: a bare number most likely meant seconds. */
export const durationRule = (input: unknown) =>
  `must be a duration such as ${Number.isInteger(input) && Number(input) > 0 ? `${input}s` : '30s'}, 5m, 2h or 14d`;

/** Seconds of `30s`, `5m`, `2h` or `14d`; undefined for anything else. */
export function secondsOf(duration: string): number | undefined {
  const unit = SECONDS[duration.slice(-1)];
  return DURATION_PATTERN.test(duration) && unit !== undefined ? Number(duration.slice(0, -1)) * unit : undefined;
}
