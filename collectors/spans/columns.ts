import type { GroupIds } from './dictionary.ts'
import type { SpanGroup } from './row.ts'
import type { Shape } from './shapes.ts'
import type { SpanClass } from './span-class.ts'

/** Whole numbers of a span. Places are in `source`; `parent` of a root, and what a span does not say, is `ABSENT`. */
export const COLUMN = { trace: 0, id: 1, parent: 2, keptFrom: 3, keptTo: 4, flags: 5, group: 6, inputTokens: 7, outputTokens: 8, bytesSent: 9, bytesReceived: 10 } as const
const COLUMNS = 11
export type Column = (typeof COLUMN)[keyof typeof COLUMN]
export const ABSENT = -1

/** What was cut out of a span: its own bytes without it, and with nothing else; `content` is null where it may not be recorded. */
export interface CutSpan {
  kept: Buffer
  content: Buffer | null
}

const FIRST_MAX = 16

/**
 * The spans of one request between their bytes and their rows. Numbers and no object a span: all that waits for a commit is carried from
 * place to place by the garbage collector, which was a fifth of what a span cost.
 */
export class SpanColumns {
  /** The request. */
  readonly source: Buffer
  /** The same, to be read by several bytes at once. */
  readonly view: DataView
  /** Resources with their scope and sender; `COLUMN.group` is a place in it. */
  readonly groups: SpanGroup[] = []
  readonly shapes: Shape[] = []
  readonly conversations = new Map<number, string>()
  readonly cuts = new Map<number, CutSpan>()
  /** Given by the dictionary: one a group, and one a span. */
  ids: GroupIds[] = []
  classes: (SpanClass | null)[] = []
  #numbers: Int32Array
  #times: Float64Array

  constructor(source: Buffer) {
    this.source = source
    this.view = new DataView(source.buffer, source.byteOffset, source.byteLength)
    this.#numbers = new Int32Array(FIRST_MAX * COLUMNS)
    this.#times = new Float64Array(FIRST_MAX * 2)
  }

  get count(): number {
    return this.shapes.length
  }

  /** Makes room for `more` spans, once a scope. */
  reserve(more: number): void {
    const needed = this.count + more
    if (needed * 2 <= this.#times.length) return
    const size = Math.max(needed, this.count * 2)
    const numbers = new Int32Array(size * COLUMNS)
    const times = new Float64Array(size * 2)
    numbers.set(this.#numbers)
    times.set(this.#times)
    this.#numbers = numbers
    this.#times = times
  }

  /** Begins a span, for which there is room, and answers which it is. Its numbers are then set, each of them. */
  add(shape: Shape, timeUs: number, durationUs: number): number {
    const index = this.shapes.length
    this.shapes.push(shape)
    this.#times[index * 2] = timeUs
    this.#times[index * 2 + 1] = durationUs
    return index
  }

  set(index: number, column: Column, value: number): void {
    this.#numbers[index * COLUMNS + column] = value
  }

  get(index: number, column: Column): number {
    return this.#numbers[index * COLUMNS + column]! // a span has all of them
  }

  /** Microseconds since 1970: 53 bits hold them exactly until the year 2255. */
  timeUs(index: number): number {
    return this.#times[index * 2]!
  }

  durationUs(index: number): number {
    return this.#times[index * 2 + 1]!
  }
}
