import { FLAG } from './row.ts'

/** A start further ahead than this cannot be believed. */
const AHEAD_US = 600e6
const DURATION_MAX_US = 366 * 86_400e6

/**
 * Where a span stands in time. A start outside what is kept, or more than ten minutes ahead, is a wrong clock: the span is placed
 * at its arrival and flagged. An end before the start, or missing, is a duration of 0. The true numbers stay in the span's bytes.
 */
export function placeInTime(bytes: Buffer, startAt: number, endAt: number, { nowUs, retentionUs }: { nowUs: number; retentionUs: number }): { timeUs: number; durationUs: number; flags: number } {
  const startUs = startAt < 0 ? 0 : microseconds(bytes, startAt)
  const believed = startUs > nowUs - retentionUs && startUs < nowUs + AHEAD_US
  const timeUs = believed ? startUs : nowUs
  const span = startAt < 0 || endAt < 0 ? -1 : differenceUs(bytes, startAt, endAt)
  const possible = span >= 0 && span <= DURATION_MAX_US
  return { timeUs, durationUs: possible ? span : 0, flags: believed && possible ? 0 : FLAG.clock }
}

/** fixed64 nanoseconds as whole microseconds. A double cannot hold today's nanoseconds, so thousands of the upper half go first. */
function microseconds(bytes: Buffer, at: number): number {
  const high = bytes.readUInt32LE(at + 4)
  return Math.floor(high / 1000) * 4_294_967_296 + Math.floor(((high % 1000) * 4_294_967_296 + bytes.readUInt32LE(at)) / 1000)
}

function differenceUs(bytes: Buffer, from: number, to: number): number {
  const high = bytes.readUInt32LE(to + 4) - bytes.readUInt32LE(from + 4)
  return Math.floor((high * 4_294_967_296 + bytes.readUInt32LE(to) - bytes.readUInt32LE(from)) / 1000)
}
