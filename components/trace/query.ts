// The same search as the form's, as one line: `service = writer and duration > 200ms and status = error`. Form and line are two ways
// to write the filters that stand in the URL.
import type { Completion } from '#components/ui/use-completion.ts'
import { ATTRIBUTES_MAX, parseAttribute, type AttributeName } from '#server/contracts/telemetry.ts'
import { tokenize, type Token } from '#components/graph/find-tokens.ts'
import type { WrittenFilters } from './filters.ts'
import { parseDuration, printDuration } from './scale.ts'

export type ParsedQuery = { state: 'read'; filters: WrittenFilters } | { state: 'wrong'; says: string }

export const NO_FILTERS: WrittenFilters = { service: '', operation: '', status: 'any', min: '', max: '', attr: [] }

type FieldName = 'service' | 'operation' | 'duration' | 'status'
export const FIELDS: readonly { name: FieldName; says: string }[] = [
  { name: 'service', says: 'whose span it is' },
  { name: 'operation', says: 'what the span is called' },
  { name: 'duration', says: 'how long the span took, such as > 200ms' },
  { name: 'status', says: 'ok or error, of the whole trace' },
]
/** Before the name of any attribute: `attr.http.route = /tasks`. */
const ATTRIBUTE = 'attr.'
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
  const filters = { ...NO_FILTERS, attr: [] }
  for (let at = 0; at < tokens.length; at += 3) {
    const token = tokens[at]
    if (at > 0 && token?.text.toLowerCase() === 'and') at += 1
    readCondition(filters, tokens[at], tokens[at + 1], tokens[at + 2])
  }
  return filters
}

function readCondition(filters: WrittenFilters, name: Token | undefined, operator: Token | undefined, value: Token | undefined): void {
  if (name?.text.startsWith(ATTRIBUTE)) return readAttribute(filters, name.text.slice(ATTRIBUTE.length), operator, value)
  const field = name && ALIASES[name.text.toLowerCase()]
  if (!name) throw new Unreadable('After “and” a condition is missing.')
  if (name.text.toLowerCase() === 'or') throw new Unreadable('Conditions are joined by “and”; “or” is two searches.')
  if (!field) throw new Unreadable(`“${name.text}” is not one of ${FIELDS.map((each) => each.name).join(', ')}, or attr. with a name.`)
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

function readAttribute(filters: WrittenFilters, name: string, operator: Token | undefined, value: Token | undefined): void {
  if (name === '') throw new Unreadable('After “attr.” comes the name of an attribute, such as attr.http.route.')
  if (!operator) throw new Unreadable(`After “${ATTRIBUTE}${name}” comes “=”.`)
  if (operator.text !== '=') throw new Unreadable('An attribute is compared with “=” alone.')
  if (!value || value.kind === 'op' || value.kind === 'paren') throw new Unreadable(`After “${ATTRIBUTE}${name} =” a value is missing.`)
  const condition = `${name}=${value.text}`
  if (parseAttribute(condition) === null) throw new Unreadable('That name or value is longer than a search takes.')
  if (filters.attr.length === ATTRIBUTES_MAX) throw new Unreadable(`A search takes ${ATTRIBUTES_MAX} attributes at most.`)
  filters.attr.push(condition)
}

/** The line that says the same as the form. */
export function writeQuery({ service, operation, status, min, max, attr }: WrittenFilters): string {
  const attributes = attr.flatMap((text) => parseAttribute(text) ?? []).map(({ key, value }) => `${quoted(ATTRIBUTE + key)} = ${quoted(value)}`)
  return [service && `service = ${quoted(service)}`, operation && `operation = ${quoted(operation)}`, min && `duration > ${min.replaceAll(/\s/g, '')}`, max && `duration < ${max.replaceAll(/\s/g, '')}`, status !== 'any' && `status = ${status}`, ...attributes].filter(Boolean).join(' and ')
}

function quoted(value: string): string {
  return /^[^\s,()"<>=!~]+$/.test(value) ? value : `"${value.replaceAll('"', '')}"`
}

/** What a search asks for, in words. */
export function describeQuery({ service, operation, status, min, max, attr }: WrittenFilters): string {
  const [least, most] = [parseDuration(min), parseDuration(max)]
  const took = least !== null && most !== null ? `that took ${printDuration(least)} to ${printDuration(most)}` : least !== null ? `that took at least ${printDuration(least)}` : most !== null ? `that took at most ${printDuration(most)}` : ''
  const span = [operation ? `a span “${operation}”` : 'a span', service && `of ${service}`, took, attr.length > 0 && `with ${attr.flatMap((text) => parseAttribute(text) ?? []).map(({ key, value }) => `${key} “${value}”`).join(' and ')}`].filter(Boolean).join(' ')
  const whole = status === 'error' ? 'Failed traces' : status === 'ok' ? 'Traces without an error' : 'Traces'
  return service || operation || took || attr.length > 0 ? `${whole} with ${span}` : status === 'any' ? 'Every trace' : whole
}

/** What may come next at the end of the line. */
export function completeQuery(line: string, services: readonly string[], attributes: readonly AttributeName[] = []): Completion[] {
  const tokens = tokenize(line)
  const open = line !== '' && !/[\s=<>]$/.test(line) ? (tokens.at(-1) ?? null) : null
  const before = open ? tokens.slice(0, -1) : tokens
  const typed = open?.text.toLowerCase() ?? ''
  const head = open ? line.slice(0, open.at) : line
  const offer = (options: readonly { text: string; says: string }[]): Completion[] =>
    options.filter(({ text }) => [text.toLowerCase(), text.toLowerCase().replace(/^"/, '')].some((said) => said.startsWith(typed) && said !== typed)).slice(0, 8).map((option) => ({ ...option, line: `${head}${head === '' || /\s$/.test(head) ? '' : ' '}${option.text} ` }))
  const last = before.at(-1)
  const of = last?.kind === 'op' ? before.at(-2)?.text : undefined
  if (of?.startsWith(ATTRIBUTE)) return offer((attributes.find((each) => ATTRIBUTE + each.name === of)?.values ?? []).map((value) => ({ text: quoted(value), says: '' })))
  const name = last?.kind === 'op' ? ALIASES[before.at(-2)?.text.toLowerCase() ?? ''] : undefined
  if (name === 'service') return offer(services.map((service) => ({ text: quoted(service), says: 'service' })))
  if (name === 'status') return offer([{ text: 'error', says: 'a span failed' }, { text: 'ok', says: 'no span failed' }])
  if (name === 'duration') return offer(['50ms', '200ms', '1s', '5s'].map((text) => ({ text, says: '' })))
  if (name) return []
  const field = last && ALIASES[last.text.toLowerCase()]
  if (field && before.length % 4 === 1) return offer((field === 'duration' ? ['>', '<'] : ['=']).map((text) => ({ text, says: '' })))
  if (last?.text.startsWith(ATTRIBUTE) && before.length % 4 === 1) return offer([{ text: '=', says: '' }])
  if (last === undefined || last.text.toLowerCase() === 'and') {
    const named = attributes.map((each) => ({ text: quoted(ATTRIBUTE + each.name), says: each.values.slice(0, 3).join(', ').slice(0, 40) }))
    // Attributes once somebody has begun to write one: there are hundreds.
    if (typed.startsWith(ATTRIBUTE)) return offer(named)
    return [...offer(FIELDS.map((each) => ({ text: each.name, says: each.says }))), ...(ATTRIBUTE.startsWith(typed) ? [{ text: ATTRIBUTE, says: 'any attribute, such as attr.http.route', line: `${head}${head === '' || /\s$/.test(head) ? '' : ' '}${ATTRIBUTE}` }] : [])]
  }
  return offer([{ text: 'and', says: 'and a further condition' }])
}
