// Secrets that are known by what stands before them: a PEM header, a name, a scheme.
import { ALNUM, classOf, DIGIT, endOfRun, startOfRun } from './bytes.ts'
import type { Finder } from './finder.ts'

const PEM_MAX = 16_384

/** Until its END line; one that was cut off, as far as a key reaches. https://www.rfc-editor.org/rfc/rfc7468 */
export const privateKey: Finder = {
  rule: 'privateKeys',
  texts: ['-----BEGIN '],
  find(bytes, at, _from, to) {
    if (!bytes.subarray(at, Math.min(to, at + 64)).includes('PRIVATE KEY')) return null
    const last = Math.min(to, at + PEM_MAX)
    const end = bytes.subarray(at, last).indexOf('-----END ')
    if (end < 0) return { from: at, to: last }
    const close = bytes.subarray(at + end + 9, last).indexOf('-----')
    return { from: at, to: close < 0 ? last : at + end + 9 + close + 5 }
  },
}

/** `scheme://user:password@host`: the password, or a long user without one, which is a token. */
const inUrl: Finder = {
  rule: 'credentials',
  texts: ['://'],
  find(bytes, at, _from, to) {
    const end = endOfRun(bytes, at + 3, Math.min(to, at + 3 + USERINFO_MAX), USERINFO)
    if (end >= to || bytes[end] !== 0x40 || end === at + 3) return null
    const colon = bytes.subarray(at + 3, end).indexOf(':')
    if (colon < 0) return end - at - 3 < USER_TOKEN_MIN ? null : { from: at + 3, to: end }
    return colon === end - at - 4 ? null : { from: at + 4 + colon, to: end }
  },
  suspects: (bytes, at) => inUrl.find(bytes, at, at, bytes.length) !== null,
}
const USER_TOKEN_MIN = 16
const USERINFO_MAX = 512
const USERINFO = classOf("A-Za-z0-9._~!$&'()*+,;=:%-")

/** How names of secrets end, in lower case, without separators. */
const SECRET_NAMES = ['password', 'passwd', 'passphrase', 'secret', 'apikey', 'accesskey', 'secretkey', 'secretaccesskey', 'privatekey', 'accountkey', 'accesstoken', 'refreshtoken', 'idtoken', 'authtoken', 'apitoken', 'securitytoken', 'sessiontoken', 'bearertoken', 'authorization', 'cookie']
const TOKENS_OF = ['ccess', 'fresh', 'id', 'auth', 'api', 'urity', 'ssion', 'earer'] // never the input and output tokens of models
/** One of these is in every way to write such a name. */
const NAME_TEXTS = [
  'assword', 'ASSWORD', 'asswd', 'ASSWD', 'assphrase', 'ASSPHRASE', 'ecret', 'ECRET', 'uthorization', 'UTHORIZATION', 'ookie', 'OOKIE',
  ...['api', 'ccess', 'rivate', 'ccount'].flatMap((word) => [`${word}_key`, `${word}-key`, `${word}key`, `${word}Key`, `${word}_KEY`.toUpperCase()]),
  'ApiKey', 'Api-Key', 'API-Key', 'APIKEY', 'ccess-Key',
  ...TOKENS_OF.flatMap((word) => [`${word}_token`, `${word}-token`, `${word}token`, `${word}Token`, `${word}-Token`, `${word}_TOKEN`.toUpperCase()]),
  'token=', 'token"', 'token\\', 'token\u0012', // behind the key of an attribute stands the tag of its value
]
const NAME = classOf('A-Za-z0-9_-')
const NAME_LENGTH_MAX = 64
const SEPARATOR = classOf(' \\t"\'\\\\:=')
const SEPARATORS_MAX = 12
const VALUE = classOf('!#$%()*+.\\/0-9:<>?@A-Z\\[\\]^_`a-z{|}~=-')
const VALUE_MIN = 4
/** By so much of it a value is judged. */
const VALUE_HEAD = 64
/** Not secrets: a place for one, or a word about one. */
const NO_SECRET = /^(?:(?:null|true|false|none|undefined|string|required|optional)[^a-z0-9]*|[$*<{[].*)$/i

/** `password=…`, `"api_key": "…"`, `client_secret: …`: the value. */
const named: Finder = {
  rule: 'credentials',
  texts: NAME_TEXTS,
  find(bytes, at, from, to) {
    const nameEnd = endOfRun(bytes, at, Math.min(to, at + NAME_LENGTH_MAX), NAME)
    const start = endOfRun(bytes, nameEnd, Math.min(to, nameEnd + SEPARATORS_MAX), SEPARATOR)
    const between = bytes.toString('latin1', nameEnd, start)
    if (!/[:=]/.test(between)) return null
    const nameStart = startOfRun(bytes, at, Math.max(from, at - NAME_LENGTH_MAX), NAME)
    if (!namesSecret(bytes.toString('latin1', nameStart, nameEnd))) return null
    const head = endOfRun(bytes, start, Math.min(to, start + VALUE_HEAD), VALUE)
    if (head - start < VALUE_MIN || NO_SECRET.test(bytes.toString('latin1', start, head))) return null
    // “the secret: patience” is prose.
    const isAssigned = between.includes('=') || /["']/.test(between) || hasDigitOrSign(bytes, start, head)
    return isAssigned ? { from: start, to: endOfRun(bytes, head, to, VALUE) } : null
  },
  suspects(bytes, at) {
    return named.find(bytes, at, 0, Math.min(bytes.length, at + NAME_LENGTH_MAX + SEPARATORS_MAX + VALUE_HEAD)) !== null || mayBeKey(bytes, at)
  },
}

function hasDigitOrSign(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (DIGIT[bytes[at]!] === 1 || (ALNUM[bytes[at]!] === 0 && at < to - 1)) return true // below `to`
  return false
}

/** Whether an attribute, a header or a field of this name holds a secret: `http.request.header.authorization`, `apiKey`. */
export function namesSecret(name: string): boolean {
  const bare = name.slice(-NAME_LENGTH_MAX).toLowerCase().replace(/[^a-z0-9]/g, '')
  return SECRET_NAMES.some((secret) => bare.endsWith(secret)) || /(?:^|[^A-Za-z0-9_-])token$/i.test(name)
}

/** How many bytes behind a key may look as if they were of it: the tag and length of what follows. */
const BEHIND_KEY_MAX = 3

/** Whether the text at `at` may be in the key of an attribute that names a secret. */
function mayBeKey(bytes: Buffer, at: number): boolean {
  const end = endOfRun(bytes, at, Math.min(bytes.length, at + NAME_LENGTH_MAX), NAME)
  if (end < bytes.length && bytes[end]! >= 0x20 && bytes[end]! < 0x7f) return false // prose, or a name within a value
  const name = bytes.toString('latin1', startOfRun(bytes, at, Math.max(0, at - NAME_LENGTH_MAX), NAME), end)
  return Array.from({ length: BEHIND_KEY_MAX + 1 }, (_, more) => name.slice(0, name.length - more)).some(namesSecret)
}

export const CREDENTIALS: readonly Finder[] = [inUrl, named]
