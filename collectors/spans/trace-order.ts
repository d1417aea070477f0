import { COLUMN, type SpanColumns } from './columns.ts'

/** The spans of one trace of one mesh, in the order in which they came: pairs of a request's place and a span's in it. */
export type TraceSpans = readonly number[]

/** The spans of many requests, trace by trace; traces stand in the order of their first spans. */
export function byTrace(requests: readonly SpanColumns[]): TraceSpans[] {
  const traces: number[][] = []
  const count = requests.reduce((sum, spans) => sum + spans.count, 0)
  const mask = 2 ** Math.ceil(Math.log2(count * 2 + 2)) - 1
  const table = new Int32Array(mask + 1) // a trace's place and one; 0 is nobody
  requests.forEach((spans, request) => {
    for (let index = 0; index < spans.count; index++) {
      let place = hashOf(spans, spans.get(index, COLUMN.trace)) & mask
      while (table[place] !== 0 && !isOf(traces[table[place]! - 1]!, requests, spans, index)) place = (place + 1) & mask
      if (table[place] === 0) table[place] = traces.push([request, index])
      else traces[table[place]! - 1]!.push(request, index)
    }
  })
  return traces
}

// Chosen anew by each process: nobody can make ids that all lead to one place.
const FACTORS = crypto.getRandomValues(new Int32Array(4)).map((factor) => factor | 1)

function hashOf({ view }: SpanColumns, at: number): number {
  let hash = 0
  for (let word = 0; word < 4; word++) hash = (hash + Math.imul(view.getInt32(at + word * 4), FACTORS[word]!)) | 0 // there are four
  return hash ^ (hash >>> 16)
}

function isOf([request, first]: TraceSpans, requests: readonly SpanColumns[], spans: SpanColumns, index: number): boolean {
  const other = requests[request!]! // a trace has a span
  const [at, otherAt] = [spans.get(index, COLUMN.trace), other.get(first!, COLUMN.trace)] // as above
  for (let word = 0; word < 16; word += 4) if (spans.view.getInt32(at + word) !== other.view.getInt32(otherAt + word)) return false
  return other === spans || other.groups[0]!.sender.mesh === spans.groups[0]!.sender.mesh // a request has one sender
}
