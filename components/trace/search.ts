import type { Span } from '#server/contracts/telemetry.ts'

/** Does a span say all the words: in its service, name, status, attributes (`key=value` or either), events or messages? */
export function spanMatches(span: Span, query: string): boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return false
  const text = textOf(span)
  return words.every((word) => text.includes(word))
}

const texts = new WeakMap<Span, string>() // a trace of 10,000 spans is searched on every key

function textOf(span: Span): string {
  const known = texts.get(span)
  if (known !== undefined) return known
  const attributes = [...span.attributes, ...span.resource, ...span.events.flatMap((event) => event.attributes)].map(({ key, value }) => `${key}=${printValue(value)}`)
  const parts = [span.service, span.name, span.kind, `status=${span.status}`, span.status, span.statusMessage, span.spanId, ...span.events.map((event) => event.name), ...attributes]
  const messages = span.genAi?.messages.map((message) => message.content) ?? []
  const text = [...parts, ...messages].join('\n').toLowerCase()
  texts.set(span, text)
  return text
}

/** An OTLP value as text: strings as they are, the rest as JSON. */
export function printValue(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
