// Pure: when operators are to be told that a certificate ends (R91).

const dayMs = 86_400_000;
export const alarmBeforeMs = 30 * dayMs;

/** `ends in 12 days`, from 30 days before; undefined until then. Both in ms since 1970. */
export const endingText = (ends: number, now: number): string | undefined => {
  const left = ends - now;
  if (left > alarmBeforeMs) return undefined;
  const day = new Date(ends).toISOString().slice(0, 10);
  if (left <= 0) return `has ended on ${day}`;
  const days = Math.floor(left / dayMs);
  return days === 0 ? `ends today or tomorrow, ${day}` : `ends in ${days} day${days === 1 ? '' : 's'}, on ${day}`;
};
