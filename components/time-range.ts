// The one time range of the console: a window that ends now, or a fixed piece of the past. It lives in the URL.

export const WINDOWS = { '5m': 300_000, '15m': 900_000, '1h': 3_600_000, '6h': 21_600_000, '24h': 86_400_000 } as const
export type WindowName = keyof typeof WINDOWS
export const WINDOW_DEFAULT: WindowName = '15m'

export type TimeRange = { kind: 'window'; window: WindowName } | { kind: 'fixed'; from: string; to: string }

type Params = { get(name: string): string | null } | Record<string, string | string[] | undefined>

/** What the URL says; nonsense is the default window. */
export function parseRange(params: Params): TimeRange {
  const get = (name: string): string | null => {
    const value = typeof params.get === 'function' ? params.get(name) : (params as Record<string, string | string[] | undefined>)[name]
    return typeof value === 'string' ? value : null
  }
  const [from, to] = [parseTime(get('from')), parseTime(get('to'))]
  if (from !== null && to !== null && from < to) return { kind: 'fixed', from: new Date(from).toISOString(), to: new Date(to).toISOString() }
  const window = get('range')
  return { kind: 'window', window: isWindow(window) ? window : WINDOW_DEFAULT }
}

/** The same for the API: `window=15m`, or `from` and `to`. */
export function rangeQuery(range: TimeRange): { window: string } | { from: string; to: string } {
  return range.kind === 'window' ? { window: range.window } : { from: range.from, to: range.to }
}

/** How long it is. */
export function rangeMs(range: TimeRange): number {
  return range.kind === 'window' ? WINDOWS[range.window] : Date.parse(range.to) - Date.parse(range.from)
}

export function describeWindow(window: WindowName): string {
  return { '5m': '5 min', '15m': '15 min', '1h': '1 h', '6h': '6 h', '24h': '24 h' }[window]
}

/** `last 15 minutes`, `13:00 to 13:15`. */
export function describeRange(range: TimeRange, timeZone?: string): string {
  if (range.kind === 'window') return { '5m': 'last 5 minutes', '15m': 'last 15 minutes', '1h': 'last hour', '6h': 'last 6 hours', '24h': 'last 24 hours' }[range.window]
  const sameDay = range.from.slice(0, 10) === range.to.slice(0, 10)
  const [from, to] = [shortTime(range.from, timeZone), shortTime(range.to, timeZone)]
  return `${from} to ${sameDay ? to.slice(-5) : to}`
}

function shortTime(iso: string, timeZone: string | undefined): string {
  const date = new Date(iso)
  return `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone })} ${date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone })}`
}

function parseTime(value: string | null): number | null {
  const time = value === null ? Number.NaN : Date.parse(value)
  return Number.isNaN(time) ? null : time
}

function isWindow(value: string | null): value is WindowName {
  return value !== null && Object.hasOwn(WINDOWS, value)
}
