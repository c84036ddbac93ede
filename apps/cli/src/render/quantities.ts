/** Figures for people: the same on every machine, whatever its locale. */

/** Returns the number with commas between thousands. */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** Returns `1 row` or `12 rows`. */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${Math.round(count) === 1 ? singular : plural}`
}

const byteUnits = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** Returns the size in steps of 1024, as pg_size_pretty does. */
export function formatBytes(bytes: number): string {
  let size = bytes
  let unit = 0
  while (size >= 1024 && unit < byteUnits.length - 1) {
    size /= 1024
    unit += 1
  }
  const figure = unit === 0 || size >= 10 ? formatCount(size) : size.toFixed(1)
  return `${figure} ${byteUnits[unit]}`
}

/** Returns the duration with at most two units. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1) {
    return 'under 1 ms'
  }
  if (durationMs < 1000) {
    return `${Math.round(durationMs)} ms`
  }
  const seconds = durationMs / 1000
  if (seconds < 10) {
    return `${seconds.toFixed(1)} s`
  }
  if (seconds < 60) {
    return `${Math.round(seconds)} s`
  }
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) {
    return `${minutes} min ${Math.floor(seconds % 60)} s`
  }
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
