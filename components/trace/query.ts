// The same search as the form's, as one line: `service = writer and duration > 200ms and status = error`. Form and line are two ways
// to write the filters that stand in the URL.
import { tokenize, type Token } from '#components/graph/find-tokens.ts'
import type { WrittenFilters } from './filters.ts'
import { parseDuration, printDuration } from './scale.ts'

export type ParsedQuery = { state: 'read'; filters: WrittenFilters } | { state: 'wrong'; says: string }

export const NO_FILTERS: WrittenFilters = { service: '', operation: '', status: 'any', min: '', max: '' }

type FieldName = 'service' | 'operation' | 'duration' | 'status'
export const FIELDS: readonly { name: FieldName; says: string }[] = [
  { name: 'service', says: 'whose span it is' },
  { name: 'operation', says: 'what the span is called' },
  { name: 'duration', says: 'how long the span took, such as > 200ms' },
  { name: 'status', says: 'ok or error, of the whole trace' },
]
const ALIASES: Record<string, FieldName> = { service: 'service', agent: 'service', operation: 'operation', name: 'operation', span: 'operation', duration: 'duration', took: 'duration', status: 'status' }

class Unreadable extends Error {}

/** Reads a line; what cannot be read is said in a sentence. An empty line asks for everything. */
export function parseQuery(source: string): ParsedQuery {
  try {
    return { state: 'read', filters: readConditions(tokenize(source)) }
  } catch (error) {
    if (error instanceof Unreadable) return { state: 'wrong', says: error.message }
    throw error
  }
}

function readConditions(tokens: readonly Token[]): WrittenFilters {
  const filters = { ...NO_FILTERS }
  for (let at = 0; at < tokens.length; at += 3) {
    const token = tokens[at]
    if (at > 0 && token?.text.toLowerCase() === 'and') at += 1
    readCondition(filters, tokens[at], tokens[at + 1], tokens[at + 2])
  }
  return filters
}

function readCondition(filters: WrittenFilters, name: Token | undefined, operator: Token | undefined, value: Token | undefined): void {
  const field = name && ALIASES[name.text.toLowerCase()]
  if (!name) throw new Unreadable('After “and” a condition is missing.')
  if (name.text.toLowerCase() === 'or') throw new Unreadable('Conditions are joined by “and”; “or” is two searches.')
  if (!field) throw new Unreadable(`“${name.text}” is not one of ${FIELDS.map((each) => each.name).join(', ')}.`)
  if (!operator) throw new Unreadable(`After “${name.text}” comes ${field === 'duration' ? '“>” or “<”' : '“=”'}.`)
  if (!value || value.kind === 'op' || value.kind === 'paren') throw new Unreadable(`After “${name.text} ${operator.text}” a value is missing.`)
  if (field === 'duration') return readDuration(filters, operator.text, value.text)
  if (operator.text !== '=') throw new Unreadable(`“${name.text}” is compared with “=” alone.`)
  if (field === 'status') {
    if (value.text !== 'ok' && value.text !== 'error') throw new Unreadable(`A status is ok or error, not “${value.text}”.`)
    filters.status = value.text
  } else {
    if (filters[field] !== '') throw new Unreadable(`“${field}” is there twice.`)
    filters[field] = value.text
  }
}

function readDuration(filters: WrittenFilters, operator: string, value: string): void {
  if (parseDuration(value) === null) throw new Unreadable(`“${value}” is no time such as 200ms or 1.5s.`)
  const end = operator === '>' || operator === '>=' ? 'min' : operator === '<' || operator === '<=' ? 'max' : null
  if (!end) throw new Unreadable('A duration is compared with “>” or “<”.')
  if (filters[end] !== '') throw new Unreadable(`A duration ${operator} is there twice.`)
  filters[end] = value
}

/** The line that says the same as the form. */
export function writeQuery({ service, operation, status, min, max }: WrittenFilters): string {
  return [service && `service = ${quoted(service)}`, operation && `operation = ${quoted(operation)}`, min && `duration > ${min.replaceAll(/\s/g, '')}`, max && `duration < ${max.replaceAll(/\s/g, '')}`, status !== 'any' && `status = ${status}`].filter(Boolean).join(' and ')
}

function quoted(value: string): string {
  return /^[^\s,()"<>=!~]+$/.test(value) ? value : `"${value.replaceAll('"', '')}"`
}

/** What a search asks for, in words. */
export function describeQuery({ service, operation, status, min, max }: WrittenFilters): string {
  const [least, most] = [parseDuration(min), parseDuration(max)]
  const took = least !== null && most !== null ? `that took ${printDuration(least)} to ${printDuration(most)}` : least !== null ? `that took at least ${printDuration(least)}` : most !== null ? `that took at most ${printDuration(most)}` : ''
  const span = [operation ? `a span “${operation}”` : 'a span', service && `of ${service}`, took].filter(Boolean).join(' ')
  const whole = status === 'error' ? 'Failed traces' : status === 'ok' ? 'Traces without an error' : 'Traces'
  return service || operation || took ? `${whole} with ${span}` : status === 'any' ? 'Every trace' : whole
}

export interface Completion {
  /** The whole line with this taken. */
  line: string
  text: string
  says: string
}

/** What may come next at the end of the line. */
export function completeQuery(line: string, services: readonly string[]): Completion[] {
  const tokens = tokenize(line)
  const open = line !== '' && !/[\s=<>]$/.test(line) ? (tokens.at(-1) ?? null) : null
  const before = open ? tokens.slice(0, -1) : tokens
  const typed = open?.text.toLowerCase() ?? ''
  const head = open ? line.slice(0, open.at) : line
  const offer = (options: readonly { text: string; says: string }[]): Completion[] =>
    options.filter(({ text }) => text.toLowerCase().startsWith(typed) && text.toLowerCase() !== typed).slice(0, 8).map((option) => ({ ...option, line: `${head}${head === '' || /\s$/.test(head) ? '' : ' '}${option.text} ` }))
  const last = before.at(-1)
  const name = last?.kind === 'op' ? ALIASES[before.at(-2)?.text.toLowerCase() ?? ''] : undefined
  if (name === 'service') return offer(services.map((service) => ({ text: quoted(service), says: 'service' })))
  if (name === 'status') return offer([{ text: 'error', says: 'a span failed' }, { text: 'ok', says: 'no span failed' }])
  if (name === 'duration') return offer(['50ms', '200ms', '1s', '5s'].map((text) => ({ text, says: '' })))
  if (name) return []
  const field = last && ALIASES[last.text.toLowerCase()]
  if (field && before.length % 4 === 1) return offer((field === 'duration' ? ['>', '<'] : ['=']).map((text) => ({ text, says: '' })))
  if (last === undefined || last.text.toLowerCase() === 'and') return offer(FIELDS.map((each) => ({ text: each.name, says: each.says })))
  return offer([{ text: 'and', says: 'and a further condition' }])
}
