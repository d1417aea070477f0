// Whether an answer is what it should be. The answer is a stranger's text: a regular expression over it gets 100 ms and no more.
import { runInNewContext } from 'node:vm'
import type { Expectation } from '../contracts/health-probe.ts'
import { parseJson } from '../fetch/json.ts'

const REGEX_MS = 100
const JUDGED_CHARS_MAX = 65_536
const SHOWN_CHARS = 120

/** Null when the answer is as expected, as far as can be said without its meaning; else a sentence. */
export function judgeAnswer(expect: Expectation, answer: string): string | null {
  const text = answer.slice(0, JUDGED_CHARS_MAX)
  if (expect.regex !== undefined) {
    const matches = testBounded(expect.regex, text)
    if (matches === null) return `the regular expression took longer than ${REGEX_MS} ms`
    if (!matches) return `the answer does not match /${expect.regex}/: “${shorten(text)}”`
  }
  if (expect.jsonPath !== undefined) {
    const found = findAt(text, expect.jsonPath)
    if (found === undefined) return `the answer has nothing at ${expect.jsonPath}`
    if (expect.equals !== undefined && String(found) !== expect.equals) return `at ${expect.jsonPath} stands “${shorten(String(found))}”, not “${shorten(expect.equals)}”`
  }
  return null
}

/** V8 ends a regular expression that backtracks for too long when the script around it runs out of time. */
function testBounded(source: string, text: string): boolean | null {
  try {
    return runInNewContext('new RegExp(source, "u").test(text)', { source, text }, { timeout: REGEX_MS }) === true
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null
    return false // no regular expression; validation has said so
  }
}

/** `$.result.parts[0].text`. Undefined for a path that leads nowhere, and for text that is no JSON. */
export function findAt(text: string, path: string): unknown {
  let value: unknown
  try {
    value = parseJson(text)
  } catch {
    return undefined
  }
  for (const [, name, index] of path.matchAll(/\.([A-Za-z_][\w-]*)|\[(\d+)\]/g)) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Object.getOwnPropertyDescriptor(value, name ?? index ?? '')?.value
  }
  return value
}

function shorten(text: string): string {
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text
}
