// IPP dateTime (RFC 8011 section 5.1.15): RFC 2579 DateAndTime, always eleven octets.

const minuteMs = 60_000;

/** `ms` since 1970 as eleven octets in UTC; the year must lie within 0..65535. */
export const dateTimeOctets = (ms: number): Uint8Array => {
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 0xffff)) throw new RangeError(`dateTime cannot hold ${ms} ms`);
  return Uint8Array.of(
    year >> 8,
    year & 0xff,
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    Math.floor(date.getUTCMilliseconds() / 100),
    0x2b,
    0,
    0,
  );
};

/** Milliseconds since 1970; undefined where the octets are no date. A leap second (60) counts as the second after. */
export const dateTimeMs = (octets: Uint8Array): number | undefined => {
  if (octets.length !== 11) return undefined;
  const [high = 0, low = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, tenths = 0] = octets;
  const [direction = 0, offsetHours = 0, offsetMinutes = 0] = octets.subarray(8);
  const inRange = month >= 1 && month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 60 && tenths <= 9;
  const hasOffset = (direction === 0x2b || direction === 0x2d) && offsetHours <= 14 && offsetMinutes <= 59;
  if (!inRange || !hasOffset) return undefined;
  const date = new Date(0);
  // Date.UTC would take the years 0..99 for 1900..1999.
  date.setUTCFullYear((high << 8) | low, month - 1, day);
  if (date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute, second, tenths * 100);
  const offset = (offsetHours * 60 + offsetMinutes) * minuteMs;
  return direction === 0x2b ? date.getTime() - offset : date.getTime() + offset;
};
