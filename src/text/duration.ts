const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

/** A time span in a sentence: "1.2 s", "60 s", "4 min 10 s", "3 h 5 min". */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / SECOND;
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  const rounded = Math.round(seconds);
  if (rounded <= 60) return `${rounded} s`;
  const minutes = Math.floor(rounded / 60);
  if (minutes < 60) return joined(minutes, 'min', rounded % 60, 's');
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? joined(hours, 'h', minutes % 60, 'min') : joined(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A time span in a column, its first unit only: "0.4s", "62s", "5m", "7h", "3d". */
export function shortDuration(ms: number): string {
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)}s`;
  if (ms < 2 * MINUTE) return `${Math.round(ms / SECOND)}s`;
  if (ms < 2 * HOUR) return `${Math.round(ms / MINUTE)}m`;
  return ms < 2 * DAY ? `${Math.round(ms / HOUR)}h` : `${Math.round(ms / DAY)}d`;
}
