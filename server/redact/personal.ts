// What is told by its form and its check digits alone.
import { ALNUM, classOf, DIGIT, endOfRun, hasAny, startOfRun } from './bytes.ts'
import type { Seeker } from './finder.ts'

const LOCAL = classOf("A-Za-z0-9.!#$&'*+?^_~-")
const LOCAL_MAX = 64
const DOMAIN = classOf('A-Za-z0-9.-')
const DOMAIN_MAX = 253

const AT_SIGNS = ['@', '%40']

/** https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address, with a dot in the domain; `%40` is an @ in a URL. */
export const emails: Seeker = {
  rule: 'emails',
  seek: (bytes, found) =>
    eachAt(bytes, (at, after) => {
      const from = startOfRun(bytes, at, Math.max(0, at - LOCAL_MAX), LOCAL)
      const end = endOfRun(bytes, after, Math.min(bytes.length, after + DOMAIN_MAX), DOMAIN)
      const domain = /^[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]/.exec(bytes.toString('latin1', after, end))
      if (domain) found({ from, to: after + domain[0].length })
    }),
  suspect: (bytes, visit) => eachAt(bytes, visit),
}

/** Each sign with something on both sides that an address may have there. */
function eachAt(bytes: Buffer, visit: (at: number, after: number) => void): void {
  for (const sign of AT_SIGNS) {
    for (let at = bytes.indexOf(sign); at >= 0; at = bytes.indexOf(sign, at + 1)) {
      const after = at + sign.length
      if (at > 0 && after < bytes.length && LOCAL[bytes[at - 1]!] === 1 && ALNUM[bytes[after]!] === 1) visit(at, after) // within the bytes
    }
  }
}

const CARD_PART = classOf('0-9 -')
const CARD_MIN = 13
const CARD_MIDDLE = 6
const CARD_DIGITS_MAX = 19

/** The most groups that a number is written in, and the fewest digits of one. */
const CARD_GROUPS = { max: 5, digitsMin: 3 }

/** ISO/IEC 7812: whole groups of digits, single spaces or dashes between them, with the check digit of Luhn. */
export const cards: Seeker = {
  rule: 'cards',
  seek: (bytes, found) =>
    eachRun(bytes, CARD_PART, CARD_MIN, (start, end) => {
      const groups = [...bytes.toString('latin1', start, end).matchAll(/\d+/g)]
      for (let first = 0; first < groups.length; first++) {
        const last = lastOfCard(groups, first)
        if (last < 0) continue
        found({ from: start + groups[first]!.index, to: start + groups[last]!.index + groups[last]![0].length }) // both are groups
        first = last
      }
    }),
  // The length before a value and the tag behind it may look like digits; six bytes further on it is the value.
  suspect: (bytes, visit) => eachRun(bytes, CARD_PART, CARD_MIN, (start) => visit(start + CARD_MIDDLE)),
}

/** The group that ends a number which begins with the group `first`; -1 for none. */
function lastOfCard(groups: readonly RegExpExecArray[], first: number): number {
  let digits = ''
  let end = groups[first]!.index
  for (let at = first; at < Math.min(groups.length, first + CARD_GROUPS.max); at++) {
    const { index, 0: text } = groups[at]! // below the length
    if (text.length < CARD_GROUPS.digitsMin || index > end + 1) return -1
    digits += text
    end = index + text.length
    if (digits.length > CARD_DIGITS_MAX) return -1
    if (digits.length >= CARD_MIN && /^[2-6]/.test(digits) && isLuhn(digits)) return at
  }
  return -1
}

function isLuhn(digits: string): boolean {
  let sum = 0
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place])
    sum += place % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2
  }
  return sum % 10 === 0
}

const IBAN_PART = classOf('0-9A-Za-z ')
const IBAN_MIN = 15

/** ISO 13616: two letters, two check digits, 11 to 30 more; in groups of four or not. */
export const ibans: Seeker = {
  rule: 'ibans',
  seek: (bytes, found) =>
    eachRun(bytes, IBAN_PART, IBAN_MIN, (start, end) => {
      for (const { index, 0: text } of bytes.toString('latin1', start, end).matchAll(/\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b/g)) {
        const length = ibanIn(text)
        if (length > 0) found({ from: start + index, to: start + index + length })
      }
    }),
  suspect: (bytes, visit) =>
    eachRun(bytes, IBAN_PART, IBAN_MIN, (start, end) => {
      for (const { index } of bytes.toString('latin1', start, end).matchAll(/[A-Z]{2}\d{2}/g)) visit(start + index + 2)
    }),
}

/** The length of the IBAN that the text begins with, as it is written; the last groups may be other words. 0 for none. */
function ibanIn(text: string): number {
  for (let end = text.length; end >= IBAN_MIN; end--) {
    const bare = text.slice(0, end).replaceAll(' ', '')
    if (text[end - 1] !== ' ' && (end === text.length || ALNUM[text.charCodeAt(end)] === 0) && bare.length >= IBAN_MIN && bare.length <= 34 && isMod97(bare)) return end
  }
  return 0
}

function isMod97(iban: string): boolean {
  let rest = 0
  for (const sign of iban.slice(4) + iban.slice(0, 4)) rest = Number(`${rest}${Number.parseInt(sign, 36)}`) % 97
  return rest === 1
}

/** Runs of at least `min` bytes of a class, with a digit. Looks at the last byte that such a run would have: most of the others are never read. */
function eachRun(bytes: Buffer, of: Uint8Array, min: number, visit: (start: number, end: number) => void): void {
  let start = 0
  while (start + min <= bytes.length) {
    const begin = startOfRun(bytes, start + min, start, of)
    if (begin > start) {
      start = begin
      continue
    }
    const end = endOfRun(bytes, start + min, bytes.length, of)
    if (hasAny(bytes, start, end, DIGIT)) visit(start, end)
    start = end + 1
  }
}
