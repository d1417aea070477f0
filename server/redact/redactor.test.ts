import { describe, expect, test } from 'vitest'
import { Redaction } from '#server/contracts/redaction.ts'
import { SECRETS, HARMLESS } from './testdata/corpus.ts'
import { literalOf } from './literal.ts'
import { compileRedaction, redactText } from './redactor.ts'

const all = compileRedaction(Redaction.parse({ builtIn: { emails: true, cards: true, ibans: true } }))
const standard = compileRedaction(Redaction.parse({}))
const own = (pattern: string, more: object = {}) => compileRedaction(Redaction.parse({ custom: [{ name: 'own', pattern, ...more }] }))

describe('a text', () => {
  test.each(SECRETS.map(([name, secret, mark, text = secret]) => [name, secret, mark, text] as const))('has no %s left', (_, secret, mark, text) => {
    for (const around of [text, `before ${text}`, `${text} behind`, `({"x": "${text}"})`]) {
      const { text: stored, found } = redactText(all, around)
      expect(stored, around).not.toContain(secret)
      expect(stored, around).toContain(`[redacted: ${mark}]`)
      expect(found.get(mark), around).toBeGreaterThan(0)
    }
  })

  test.each(HARMLESS)('stays as it is: %s', (text) => expect(redactText(all, text)).toEqual({ text, found: new Map() }))

  test('keeps what is between secrets, and says how many there were', () => {
    const { text, found } = redactText(all, 'write to a@b.example and c@d.example, Authorization: Bearer abc123def456, thanks')
    expect(text).toBe('write to [redacted: email] and [redacted: email], Authorization: Bearer [redacted: token], thanks')
    expect([...found]).toEqual([['email', 2], ['token', 1]])
  })

  test('has its personal data unless that is asked for', () => {
    expect(redactText(standard, 'a@b.example paid with 4111 1111 1111 1111').text).toBe('a@b.example paid with 4111 1111 1111 1111')
  })
})

test('a rule of one’s own finds what it describes, with and without fixed text in it', () => {
  expect(redactText(own('EMP-\\d{6}'), 'EMP-123456 and EMP-12').text).toBe('[redacted: own] and EMP-12')
  expect(redactText(own('\\d{3}-\\d{2}-\\d{4}'), 'no. 123-45-6789.').text).toBe('no. [redacted: own].')
  expect(redactText(own('(?i)kunde \\d+'), 'KUNDE 42 grüßt').text).toBe('[redacted: own] grüßt')
  expect(own('EMP-\\d{6}').costly).toEqual([])
  expect(own('\\d{9}').costly).toEqual(['own'])
})

test.each([
  ['(?=x)y', 'is not one'], ['(a)\\1', 'is not one'], ['(', 'is not one'], ['a*', 'matches where there is nothing'], ['', 'small'], ['x{1001}', 'is not one'], ['((a{15}){15})', 'steps'], ['[a-z]{1,400}', 'steps'],
] as const)('the pattern %s is refused with its place', (pattern, why) => {
  if (why === 'small') return expect(Redaction.safeParse({ custom: [{ name: 'own', pattern }] }).success).toBe(false)
  expect(() => own(pattern)).toThrow(why)
  expect(() => own(pattern)).toThrow(expect.objectContaining({ code: 'invalid', problems: [expect.objectContaining({ pointer: '/custom/0/pattern' })] }))
})

test.each([
  ['EMP-\\d{6}', 'EMP-'], ['a+bcd', 'bcd'], ['abc?d', null], ['x(abc|def)yyy', 'yyy'], ['abc|def', null], ['(?i)abc', null], ['ab\\.cd', 'ab.cd'], ['[abc]def', 'def'], ['[]abc]xyz', 'xyz'], ['abc{0,3}', null],
  ['abcd{2}e', 'abcd'], ['\\Qabc\\E', null], ['\\x41bcd', null], ['a.b', null], ['(ab', null], ['ü-abc', null], ['[[:alpha:]]-id-', '-id-'],
] as const)('what %s matches has %s in it', (pattern, literal) => expect(literalOf(pattern)).toBe(literal))

const megabyte = (part: string) => part.repeat(Math.ceil(2 ** 19 / part.length))
test.each([
  'sk-', 'sk-a', 'eyJ', '.eyJ', 'a.eyJ', '-----BEGIN ', '-----BEGIN PRIVATE KEY-----', 'password=', 'password=$', 'password:', 'password', '://', '://a:', '@', 'a@', 'a@a', 'a@a.', '%40', 'a%40a', '1', '1 ', '4111 ', 'DE89 ', 'AB12', 'A', 'Basic ', 'Basic QUFB', 'Bearer ', 'token"', 'cookie=null ', 'a@b.c-',
])('128 KiB of “%s” are looked through in time in proportion to its length', (part) => {
  const [short, long] = [megabyte(part).slice(0, 2 ** 14), megabyte(part).slice(0, 2 ** 17)]
  const timeOf = (text: string) => {
    const startedAt = process.cpuUsage()
    const bytes = Buffer.from(text)
    all.suspects(bytes)
    redactText(all, text)
    return process.cpuUsage(startedAt).user / 1000
  }
  timeOf(short)
  // Eight times as much would take 64 times as long if it were quadratic.
  expect(timeOf(long)).toBeLessThan(Math.max(400, timeOf(short) * 30))
})

test.each([['[a-z]{1,40}[0-9]', 'x'], ['[a-z]{1,40}[0-9]', `${'x'.repeat(15_000)}1`], ['(x+x+)+y', 'x'], ['(.*)(.*)(.*)z', 'ab'], ['\\d{9}', '12345678 ']])('the pattern %s over half a megabyte of its worst text costs a bounded time', (pattern, part) => {
  const startedAt = process.cpuUsage()
  redactText(own(pattern), megabyte(part))
  expect(process.cpuUsage(startedAt).user / 1000).toBeLessThan(4000)
})

test('nothing is stored of a value for which no time was left', () => {
  const found = new Map<string, number>()
  const value = own('\\d{9}').replace(Buffer.from('no. 123456789'), ['logs'], { found, clock: { leftMs: 0 } })
  expect(value?.toString()).toBe('[redacted: not looked through in time]')
  expect([...found]).toEqual([['not looked through in time', 1]])
})
