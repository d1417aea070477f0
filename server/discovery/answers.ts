// The JSON-RPC answer in an event stream that comes in pieces and may never end. Each character is looked at once, whatever a stranger
// sends. https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
import { parseJson } from '../fetch/json.ts'

/** Messages of one stream that are read; what comes after so many that are no answer is not looked at. */
const MESSAGES_MAX = 1000

export interface AnswerReader {
  /** The first message with a `result` or an `error`; null until one has come whole. */
  readonly answer: Record<string, unknown> | null
  /** The next piece of the stream. True when the answer is there. */
  take(piece: string): boolean
  /** The stream has ended, so what came of its last event is all of it. */
  end(): void
}

export function readAnswers(): AnswerReader {
  let answer: Record<string, unknown> | null = null
  let unfinished: string[] = []
  let data: string[] = []
  let messages = 0

  const takeLine = (line: string) => {
    if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
    else if (line === '') endEvent()
  }
  const endEvent = () => {
    const text = data.join('\n')
    data = []
    if (answer !== null || !mayAnswer(text) || ++messages > MESSAGES_MAX) return
    answer = asAnswer(text)
  }
  return {
    get answer() {
      return answer
    },
    take(piece) {
      const [first = '', ...rest] = piece.split('\n')
      unfinished.push(first)
      for (const next of rest) {
        takeLine(withoutReturn(unfinished.join('')))
        unfinished = [next]
      }
      return answer !== null
    },
    end() {
      takeLine(withoutReturn(unfinished.join('')))
      endEvent()
      unfinished = []
    },
  }
}

const withoutReturn = (line: string) => (line.endsWith('\r') ? line.slice(0, -1) : line)

/** Spares the parser what cannot be one. */
function mayAnswer(text: string): boolean {
  return text.includes('"result"') || text.includes('"error"')
}

/** Null for a notification, which may speak of an `error` further within, and for what is no JSON object. */
function asAnswer(text: string): Record<string, unknown> | null {
  try {
    const message = parseJson(text)
    if (typeof message !== 'object' || message === null) return null
    return Object.hasOwn(message, 'result') || Object.hasOwn(message, 'error') ? (message as Record<string, unknown>) : null // an object, of keys that are looked at one by one
  } catch {
    return null
  }
}
