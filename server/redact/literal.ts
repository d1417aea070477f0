const LITERAL_MIN = 3

/**
 * The longest text that whatever an RE2 pattern matches has in it, null when none of three characters is certain. Reads only what is plain:
 * one alternative, no flags.
 */
export function literalOf(pattern: string): string | null {
  if (/[^\x20-\x7e]/.test(pattern) || pattern.includes('(?')) return null
  let best = ''
  let run = ''
  const end = () => {
    if (run.length > best.length) best = run
    run = ''
  }
  for (let at = 0; at < pattern.length; ) {
    const { text, next } = unitAt(pattern, at)
    if (next === at) return null
    const count = /^(?:[*?+]|\{\d[^}]*\})\??/.exec(pattern.slice(next))?.[0] ?? ''
    if (text === '|') return null
    if (text === null || count !== '') {
      if (text !== null && (count.startsWith('+') || /^\{[1-9]/.test(count))) run += text // at least once, and then something else
      end()
    } else run += text
    at = next + count.length
  }
  end()
  return best.length >= LITERAL_MIN ? best : null
}

/** One character, class or group; `text` null for what is no fixed character; `next` is `at` when it cannot be read. */
function unitAt(pattern: string, at: number): { text: string | null; next: number } {
  const sign = pattern[at]!
  if (sign === '\\') return /[^A-Za-z0-9]/.test(pattern[at + 1] ?? 'x') ? { text: pattern[at + 1]!, next: at + 2 } : /[dDwWsSbB]/.test(pattern[at + 1] ?? '') ? { text: null, next: at + 2 } : { text: null, next: at }
  if (sign === '[') {
    const length = /^\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]/.exec(pattern.slice(at))?.[0].length ?? 0
    return { text: null, next: at + length }
  }
  if (sign === '(') return { text: null, next: endOfGroup(pattern, at) }
  return { text: '.^$'.includes(sign) ? null : sign, next: at + 1 }
}

function endOfGroup(pattern: string, from: number): number {
  let depth = 0
  for (let at = from; at < pattern.length; ) {
    const sign = pattern[at]
    if (sign === '\\') at += 2
    else if (sign === '[') {
      const { next } = unitAt(pattern, at)
      if (next === at) return from
      at = next
    } else {
      depth += sign === '(' ? 1 : sign === ')' ? -1 : 0
      at++
      if (depth === 0) return at
    }
  }
  return from
}
