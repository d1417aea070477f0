import type { TraceFilters } from '#components/asks.ts'
import { parseDuration } from './scale.ts'

/** The filters as they stand in the URL of the page. */
export interface WrittenFilters {
  service: string
  operation: string
  status: 'any' | 'ok' | 'error'
  min: string
  max: string
}

/** What they ask for: a duration that cannot be read asks for nothing. */
export function filtersOf({ service, operation, status, min, max }: WrittenFilters): TraceFilters {
  return { service, operation, status, minDurationMs: parseDuration(min), maxDurationMs: parseDuration(max) }
}

/** The same from the parameters that a page was called with. */
export function readFilters(params: Record<string, string | string[] | undefined>): TraceFilters {
  const text = (name: string) => (typeof params[name] === 'string' ? params[name] : '')
  const status = text('status')
  return filtersOf({ service: text('service'), operation: text('operation'), status: status === 'ok' || status === 'error' ? status : 'any', min: text('min'), max: text('max') })
}
