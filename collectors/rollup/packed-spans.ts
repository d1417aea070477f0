// Spans that are remembered, as numbers: a tenth of the memory of their objects, and nothing for the garbage collector to follow.
import type { SpanClass } from '../spans/span-class.ts'
import type { CallSpan } from './call-span.ts'

export interface PackedSpans {
  classes: readonly SpanClass[]
  /** `STRIDE` a span. */
  numbers: Float64Array
}

const STRIDE = 11
const NO_PARENT = -1

/** Ids are eight Latin-1 characters; everything else is a number that a double holds. */
export function packSpans(spans: readonly CallSpan[]): PackedSpans {
  const numbers = new Float64Array(spans.length * STRIDE)
  let at = 0
  for (const { spanId, parentId, timeUs, durationUs, flags, bytesSent, bytesReceived, inputTokens, outputTokens } of spans) {
    numbers[at] = half(spanId, 0)
    numbers[at + 1] = half(spanId, 4)
    numbers[at + 2] = parentId === null ? NO_PARENT : half(parentId, 0)
    numbers[at + 3] = parentId === null ? NO_PARENT : half(parentId, 4)
    numbers[at + 4] = timeUs
    numbers[at + 5] = durationUs
    numbers[at + 6] = flags
    numbers[at + 7] = bytesSent
    numbers[at + 8] = bytesReceived
    numbers[at + 9] = inputTokens
    numbers[at + 10] = outputTokens
    at += STRIDE
  }
  return { classes: spans.map((span) => span.class), numbers }
}

export function unpackSpans({ classes, numbers }: PackedSpans): CallSpan[] {
  return classes.map((kind, index): CallSpan => {
    const at = index * STRIDE
    const number = (place: number) => numbers[at + place]! // a span has all of them
    return {
      spanId: text(number(0)) + text(number(1)),
      parentId: number(2) === NO_PARENT ? null : text(number(2)) + text(number(3)),
      class: kind,
      timeUs: number(4),
      durationUs: number(5),
      flags: number(6),
      bytesSent: number(7),
      bytesReceived: number(8),
      inputTokens: number(9),
      outputTokens: number(10),
    }
  })
}

function half(id: string, from: number): number {
  return ((id.charCodeAt(from) << 24) | (id.charCodeAt(from + 1) << 16) | (id.charCodeAt(from + 2) << 8) | id.charCodeAt(from + 3)) >>> 0
}

function text(half: number): string {
  return String.fromCharCode(half >>> 24, (half >>> 16) & 255, (half >>> 8) & 255, half & 255)
}
