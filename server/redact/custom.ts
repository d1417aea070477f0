import { RE2JS } from 're2js'
import { MeshError, messageOf } from '#server/contracts/errors.ts'
import type { CustomRule, Redaction, RedactionPlace } from '#server/contracts/redaction.ts'
import { literalOf } from './literal.ts'

/** Instructions of a compiled pattern: its time for a character is at most in proportion to them. */
const PROGRAM_MAX = 100

export interface CompiledRule {
  rule: CustomRule
  places: ReadonlySet<RedactionPlace>
  expression: RE2JS
  /** In all that it matches; null when every value has to be looked through. */
  literal: string | null
}

/** Throws `invalid` with a pointer for a pattern that RE2 does not take, that is too large, or that matches nothing at all. */
export function compileCustom({ custom }: Redaction): CompiledRule[] {
  return custom.map((rule, index) => {
    const refuse = (detail: string): never => {
      throw new MeshError('invalid', `the pattern of “${rule.name}” ${detail}`, { problems: [{ pointer: `/custom/${index}/pattern`, code: 'pattern', detail: `it ${detail}` }] })
    }
    const expression = compile(rule.pattern, refuse)
    if (expression.programSize() > PROGRAM_MAX) refuse(`has ${expression.programSize()} steps, more than ${PROGRAM_MAX}: use fewer or smaller repetitions`)
    if (expression.test('')) refuse('matches where there is nothing')
    return { rule, places: new Set(rule.in), expression, literal: literalOf(rule.pattern) }
  })
}

function compile(pattern: string, refuse: (detail: string) => never): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    return refuse(`is not one: ${messageOf(error)}`)
  }
}

/** Characters that are looked through at once, and how much of them again with what follows: the longest match that is surely found. */
const PIECE = 16_384
const OVERLAP = 1024

/** Own rules have this long for a request, in milliseconds. What they did not get to see is not stored. */
const BUDGET_MS = 100

export interface Clock {
  leftMs: number
}
export const newClock = (): Clock => ({ leftMs: BUDGET_MS })

/** The text with a mark for each match, and how many there were; null when the time of the request is over. */
export function replaceMatches({ expression }: CompiledRule, text: string, mark: string, clock: Clock): { text: string; count: number } | null {
  let out = ''
  let last = 0
  let count = 0
  for (let from = 0; from < text.length; ) {
    if (clock.leftMs <= 0) return null
    const startedAt = performance.now()
    const piece = text.slice(from, from + PIECE)
    const isLast = from + PIECE >= text.length
    const sure = isLast ? piece.length : piece.length - OVERLAP
    const matcher = expression.test(piece) ? expression.matcher(piece) : null
    while (matcher?.find() && matcher.start() < sure) {
      if (matcher.end() === matcher.start()) continue
      out += text.slice(last, from + matcher.start()) + mark
      last = from + matcher.end()
      count++
    }
    clock.leftMs -= performance.now() - startedAt
    from = isLast ? text.length : Math.max(from + sure, last)
  }
  return { text: out + text.slice(last), count }
}
