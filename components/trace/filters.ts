import { ATTRIBUTES_MAX, parseAttribute } from '#server/contracts/telemetry.ts'
import type { TraceFilters } from '#components/asks.ts'
import { parseDuration } from './scale.ts'

/** The filters as they stand in the URL of the page. */
export interface WrittenFilters {
  service: string
  operation: string
  status: 'any' | 'ok' | 'error'
  min: string
  max: string
  /** `name=value`, each. */
  attr: string[]
}

/** What they ask for: a duration or an attribute that cannot be read asks for nothing. */
export function filtersOf({ service, operation, status, min, max, attr }: WrittenFilters): TraceFilters {
  return { service, operation, status, minDurationMs: parseDuration(min), maxDurationMs: parseDuration(max), attr: attr.filter((text) => parseAttribute(text) !== null).slice(0, ATTRIBUTES_MAX) }
}

/** The same from the parameters that a page was called with. */
export function readFilters(params: Record<string, string | string[] | undefined>): TraceFilters {
  const text = (name: string) => (typeof params[name] === 'string' ? params[name] : '')
  const status = text('status')
  return filtersOf({ service: text('service'), operation: text('operation'), status: status === 'ok' || status === 'error' ? status : 'any', min: text('min'), max: text('max'), attr: [params['attr'] ?? []].flat() })
}
