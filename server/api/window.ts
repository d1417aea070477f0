import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'

const UNITS_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const WINDOW_MAX_MS = 400 * 86_400_000
/** So far ahead of our clock a caller's may be. */
const AHEAD_MS = 60_000

/** `window=5m`, or `from` with or without `to`. */
export const WindowQuery = {
  window: z.string().max(16).optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
}

interface Asked {
  window?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

/** Throws `bad_request` for a window that is none. */
export function readWindow(asked: Asked, fallback: string, nowMs = Date.now()): { from: Date; to: Date } {
  if (asked.window !== undefined && (asked.from !== undefined || asked.to !== undefined)) throw new MeshError('bad_request', 'say window, or from and to, not both')
  const to = asked.to === undefined ? new Date(nowMs) : new Date(asked.to)
  const from = asked.from === undefined ? new Date(to.getTime() - lengthOf(asked.window ?? fallback)) : new Date(asked.from)
  if (from >= to) throw new MeshError('bad_request', 'the window ends before it begins')
  if (to.getTime() - from.getTime() > WINDOW_MAX_MS) throw new MeshError('bad_request', 'a window has at most 400 days')
  if (from.getTime() > nowMs + AHEAD_MS) throw new MeshError('bad_request', 'the window lies in the future')
  return { from, to }
}

function lengthOf(text: string): number {
  const match = /^(\d{1,6})(s|m|h|d)$/.exec(text)
  const lengthMs = match ? Number(match[1]) * (UNITS_MS[match[2] ?? ''] ?? 0) : 0
  if (lengthMs <= 0) throw new MeshError('bad_request', `the window “${text}” is not one such as 30s, 5m, 1h or 7d`)
  return lengthMs
}
