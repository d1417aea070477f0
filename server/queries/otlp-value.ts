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
