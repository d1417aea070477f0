// Rules, compiled once, and what they do to one value.
import { BUILT_IN, type BuiltIn, type Redaction, type RedactionPlace } from '#server/contracts/redaction.ts'
import { API_KEYS } from './api-keys.ts'
import { CREDENTIALS, privateKey } from './credentials.ts'
import { compileCustom, newClock, replaceMatches, type Clock, type CompiledRule } from './custom.ts'
import type { Finder, Range, Seeker } from './finder.ts'
import { cards, emails, ibans } from './personal.ts'
import { Sieve } from './sieve.ts'
import { TOKENS } from './tokens.ts'

/** Of two that begin at one place the first gives the mark. */
const FINDERS: readonly Finder[] = [privateKey, ...TOKENS, ...API_KEYS, ...CREDENTIALS]
const SEEKERS: readonly Seeker[] = [emails, cards, ibans]
/** How far behind a fixed text a request is looked at, before it is known where the value ends. */
const REACH = 128

/** How often each mark was set. */
export type Found = Map<string, number>

/** What goes with one request or one trial. */
export interface Run {
  found: Found
  clock: Clock
}
export const newRun = (): Run => ({ found: new Map(), clock: newClock() })

export interface Redactor {
  /** Values are taken out by the names of their attributes as well. */
  byName: boolean
  /** Places where rules of one's own look through every value, for want of a fixed text to look for. */
  everywhere: ReadonlySet<RedactionPlace>
  costly: readonly string[]
  /** Places in a request that may have to go, in order. */
  suspects(bytes: Buffer): number[]
  /** What stands in place of a value; null where it may stay as it is. */
  replace(value: Buffer, places: readonly RedactionPlace[], run: Run): Buffer | null
  /** The same for a value whose name says that it is a secret. */
  replaceNamed(run: Run): Buffer
}

/** Throws `invalid` for a rule of one's own that cannot be used. */
export function compileRedaction(rules: Redaction): Redactor {
  const isOn = ({ rule }: { rule: BuiltIn }) => rules.builtIn[rule]
  const finders = FINDERS.filter(isOn)
  const seekers = SEEKERS.filter(isOn)
  const custom = compileCustom(rules)
  const texts = finders.flatMap(({ texts: own }, id) => own.map((text) => [text, id] as const))
  const inValues = new Sieve(texts)
  const inRequests = new Sieve([...texts, ...custom.flatMap(({ literal }) => (literal === null ? [] : [[literal, finders.length] as const]))])
  const unsieved = custom.filter(({ literal }) => literal === null)

  function rangesIn(value: Buffer): Marked[] {
    const ranges: Marked[] = []
    let covered = 0
    inValues.scan(value, (id, at) => {
      if (at < covered) return // else what one rule finds could be walked by every text in it
      const { rule, find } = finders[id]! // an id of this list
      const range = find(value, at, 0, value.length)
      if (!range) return
      covered = Math.max(covered, range.to)
      ranges.push({ ...range, rule, order: id })
    })
    for (const { rule, seek } of seekers) seek(value, (range) => ranges.push({ ...range, rule, order: finders.length }))
    return ranges.sort((a, b) => a.from - b.from || a.order - b.order)
  }

  return {
    byName: rules.builtIn.credentials,
    everywhere: new Set(unsieved.flatMap(({ places }) => [...places])),
    costly: unsieved.map(({ rule }) => rule.name),
    suspects(bytes) {
      const places: number[] = []
      inRequests.scan(bytes, (id, at) => {
        const finder = finders[id]
        if (!finder || (finder.suspects ? finder.suspects(bytes, at) : finder.find(bytes, at, at, Math.min(bytes.length, at + REACH)))) places.push(at)
      })
      for (const { suspect } of seekers) suspect(bytes, (at) => places.push(at))
      return places.sort((a, b) => a - b)
    },
    replace(value, places, run) {
      const ranges = rangesIn(value)
      const marked = ranges.length === 0 ? null : withMarks(value, ranges, run)
      const wanted = custom.filter((rule) => places.some((place) => rule.places.has(place)))
      return wanted.length === 0 ? marked : (applyCustom(wanted, marked ?? value, run) ?? marked)
    },
    replaceNamed: (run) => Buffer.from(mark(BUILT_IN.credentials.mark, run)),
  }
}

interface Marked extends Range {
  rule: BuiltIn
  order: number
}

/** `ranges` in order; what overlaps goes under the first one's mark. */
function withMarks(value: Buffer, ranges: readonly Marked[], run: Run): Buffer {
  const parts: Buffer[] = []
  let last = 0
  let markedTo = -1
  for (const { from, to, rule } of ranges) {
    if (from >= markedTo) parts.push(value.subarray(last, from), Buffer.from(mark(BUILT_IN[rule].mark, run)))
    last = markedTo = Math.max(last, to)
  }
  return Buffer.concat([...parts, value.subarray(last)])
}

function applyCustom(rules: readonly CompiledRule[], value: Buffer, run: Run): Buffer | null {
  const before = value.toString('utf8')
  let text = before
  for (const rule of rules) {
    if (rule.literal !== null && !text.includes(rule.literal)) continue
    const replaced = replaceMatches(rule, text, `[redacted: ${rule.rule.name}]`, run.clock)
    if (!replaced) return Buffer.from(mark('not looked through in time', run))
    if (replaced.count > 0) run.found.set(rule.rule.name, (run.found.get(rule.rule.name) ?? 0) + replaced.count)
    text = replaced.text
  }
  return text === before ? null : Buffer.from(text)
}

function mark(name: string, { found }: Run): string {
  found.set(name, (found.get(name) ?? 0) + 1)
  return `[redacted: ${name}]`
}

/** A text as it would be stored, with each rule in each place. */
export function redactText(redactor: Redactor, text: string): { text: string; found: Found } {
  const run = newRun()
  const replaced = redactor.replace(Buffer.from(text), ['attributes', 'messages', 'logs', 'names'], run)
  return { text: replaced?.toString('utf8') ?? text, found: run.found }
}
