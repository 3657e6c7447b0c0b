// Numbers as people read them.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `12.3 MiB` */
export const octetsText = (octets: number): string => {
  let value = octets;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
};

const two = (value: number): string => String(value).padStart(2, '0');

/** Local time, `2026-11-22 07:45:15`; empty for none. */
export const momentText = (ms: number | undefined): string => {
  if (ms === undefined) return '';
  const date = new Date(ms);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
};

/** `3 d 4 h`, `12 min`, `5 s` */
export const spanText = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
};
