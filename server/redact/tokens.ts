import { classOf, DIGIT, endOfRun, hasAny, startOfRun, WORD } from './bytes.ts'
import type { Finder } from './finder.ts'

const TOKEN = classOf('A-Za-z0-9._~+\\/=-')
const BASE64 = classOf('A-Za-z0-9+\\/=')

const bearer: Finder = {
  rule: 'tokens',
  texts: ['earer ', 'EARER ', 'earer%20'],
  find(bytes, at, _from, to) {
    const start = bytes[at + 5] === PERCENT ? at + 8 : endOfRun(bytes, at + 6, Math.min(to, at + 16), SPACE)
    const end = endOfRun(bytes, start, to, TOKEN)
    const isToken = end - start >= 24 || (end - start >= 8 && hasAny(bytes, start, end, DIGIT)) // “bearer authentication” is prose
    return isToken ? { from: start, to: end } : null
  },
}
const SPACE = classOf(' ')
const PERCENT = 0x25

/** Base64 that reads `user:password`. https://www.rfc-editor.org/rfc/rfc7617 */
const basic: Finder = {
  rule: 'tokens',
  texts: ['Basic ', 'basic '],
  find(bytes, at, _from, to) {
    const start = at + 6
    const end = endOfRun(bytes, start, to, BASE64)
    return end - start >= 8 && Buffer.from(bytes.toString('latin1', start, Math.min(end, start + 1024)), 'base64').includes(':') ? { from: start, to: end } : null
  },
  suspects: (bytes, at) => basic.find(bytes, at, at, bytes.length) !== null,
}

/** Header and payload are JSON objects, so both begin with `eyJ`. https://www.rfc-editor.org/rfc/rfc7519 */
const jwt: Finder = {
  rule: 'tokens',
  texts: ['.eyJ'],
  suspects: (bytes, at) => at > 0 && WORD[bytes[at - 1]!] === 1, // behind the first: there is one
  find(bytes, at, from, to) {
    const run = startOfRun(bytes, at, from, WORD)
    const header = bytes.subarray(run, at).lastIndexOf('eyJ')
    if (header < 0) return null
    const payloadEnd = endOfRun(bytes, at + 1, to, WORD)
    const end = bytes[payloadEnd] === 0x2e && payloadEnd < to ? endOfRun(bytes, payloadEnd + 1, to, WORD) : payloadEnd
    return { from: run + header, to: end }
  },
}

export const TOKENS: readonly Finder[] = [bearer, basic, jwt]
