import type { OtlpAttribute } from './trace-rows.ts'

/** An OTLP AnyValue as plain JSON; a whole number beyond 2^53 stays text, bytes are `{bytesValue}`. */
export function plainValue(value: Record<string, unknown> | undefined): unknown {
  if (!value) return null
  if ('stringValue' in value) return value['stringValue']
  if ('boolValue' in value) return value['boolValue']
  if ('doubleValue' in value) return value['doubleValue']
  if ('intValue' in value) {
    const number = Number(value['intValue'])
    return Number.isSafeInteger(number) ? number : value['intValue']
  }
  if ('bytesValue' in value) return { bytesValue: value['bytesValue'] }
  if ('arrayValue' in value) return listOf(value['arrayValue']).map((item) => plainValue(item as Record<string, unknown>)) // a list of AnyValue by its schema
  if ('kvlistValue' in value) return Object.fromEntries((listOf(value['kvlistValue']) as OtlpAttribute[]).map((item) => [item.key, plainValue(item.value)])) // as above, of KeyValue
  return null
}

function listOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null && 'values' in value && Array.isArray(value.values) ? value.values : []
}

/** A key that comes twice has its last value, as the specification asks. */
export function plainAttributes(attributes: readonly OtlpAttribute[] = []): { key: string; value: unknown }[] {
  return [...new Map(attributes.map(({ key, value }) => [key ?? '', plainValue(value)]))].map(([key, value]) => ({ key, value }))
}

/** Of one value in an answer; in OTLP form it comes whole. */
export const VALUE_CHARS_MAX = 65_536

/** The same attributes; a value that would make the answer long is cut, and says so. */
export function shortened(attributes: readonly { key: string; value: unknown }[]): { key: string; value: unknown }[] {
  return attributes.map(({ key, value }) => {
    const text = typeof value === 'string' ? value : typeof value === 'object' && value !== null ? JSON.stringify(value) : ''
    if (text.length <= VALUE_CHARS_MAX) return { key, value }
    return { key, value: `${text.slice(0, VALUE_CHARS_MAX).toWellFormed()}… (cut here, of ${text.length.toLocaleString('en')} characters; ?format=otlp has all)` }
  })
}
