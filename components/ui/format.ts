// Figures as people read them: three significant digits, a unit, and a dash where there is nothing to say.

export const NOTHING = '–'
const number = (digits: number) => new Intl.NumberFormat('en', { maximumFractionDigits: digits })

/** `4.8/s`, `1.2 k/s`; a rate that is not zero never reads as zero. */
export function formatRate(perSecond: number | null): string {
  if (perSecond === null) return NOTHING
  if (perSecond > 0 && perSecond < 0.01) return '<0.01/s'
  if (perSecond >= 999.5) return `${number(1).format(perSecond / 1000)} k/s`
  return `${number(perSecond < 0.1 ? 2 : perSecond < 100 ? 1 : 0).format(perSecond)}/s`
}

/** Share of a whole as `1.2 %`; what is not zero never reads `0 %`, what is not all never reads `100 %`. */
export function formatShare(share: number | null): string {
  if (share === null || Number.isNaN(share)) return NOTHING
  const percent = share * 100
  if (percent > 0 && percent < 0.1) return '<0.1 %'
  if (percent < 100 && percent > 99.9) return '>99.9 %'
  return `${number(percent < 10 ? 1 : percent > 99 && percent < 100 ? 1 : 0).format(percent)} %`
}

/** Milliseconds as `0.4 ms`, `96 ms`, `1.2 s`, `3 min 4 s`. */
export function formatMs(ms: number | null): string {
  if (ms === null || Number.isNaN(ms)) return NOTHING
  if (ms < 10) return `${number(ms < 1 ? 2 : 1).format(ms)} ms`
  if (ms < 999.5) return `${number(0).format(ms)} ms`
  if (ms < 59_950) return `${number(1).format(ms / 1000)} s`
  return formatLong(ms)
}

/** Long spans in two units: `11 h 42 min`, `3 d 4 h`. */
export function formatLong(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60]
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`
  return seconds % 60 > 0 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`
}

export function formatCount(count: number | null): string {
  return count === null ? NOTHING : number(0).format(count)
}

/** Decimal bytes: `412 B`, `1.3 MB`. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return NOTHING
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${number(unit > 0 && value < 10 ? 1 : 0).format(value)} ${units[unit]}`
}

/** `just now`, `41 s ago`, `in 3 min`. */
export function formatAgo(at: number, now: number): string {
  const ms = now - at
  const size = Math.abs(ms)
  if (size < 1000) return 'just now'
  const [value, unit] = size < 60_000 ? [size / 1000, 's'] : size < 3_600_000 ? [size / 60_000, 'min'] : size < 86_400_000 ? [size / 3_600_000, 'h'] : [size / 86_400_000, 'd']
  const text = `${Math.floor(value)} ${unit}`
  return ms > 0 ? `${text} ago` : `in ${text}`
}

/** `1 agent`, `3 agents`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
