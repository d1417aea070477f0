// How near an agent is to its limit, by a number that it gives away: in a header of a probe's answer, or among its metrics.
import type { Headroom, InstanceHealth } from '../contracts/health-probe.ts'
import type { Fetched } from '../fetch/fetch.ts'

type Metric = NonNullable<Headroom['metric']>

/** Null for a number that is within its bounds. */
export function judgeHeadroom({ degradedBelow, overloadedBelow, degradedAbove, overloadedAbove }: Headroom, value: number): InstanceHealth | null {
  if (value < (overloadedBelow ?? -Infinity) || value > (overloadedAbove ?? Infinity)) return 'overloaded'
  return value < (degradedBelow ?? -Infinity) || value > (degradedAbove ?? Infinity) ? 'degraded' : null
}

/** Null where the header is missing or no number. */
export function numberIn(headers: Fetched['headers'], name: string): number | null {
  const text = headers[name.toLowerCase()]
  return text === undefined || text === '' || !Number.isFinite(Number(text)) ? null : Number(text)
}

/**
 * The sum of the metric's samples that have these labels, as queues of several names add up; null without one.
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function sumMetric(exposition: string, { name, labels }: Metric): number | null {
  const wanted = Object.entries(labels)
  const values = exposition.split('\n').flatMap((line) => {
    if (!line.startsWith(name)) return []
    const [, found, list = '', text = ''] = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?[ \t]+([^ \t\r]+)/.exec(line) ?? []
    if (found !== name) return []
    const has = labelsOf(list)
    const value = /^\+?inf$/i.test(text) ? Infinity : Number(text)
    return Number.isNaN(value) || wanted.some(([label, value]) => has.get(label) !== value) ? [] : [value]
  })
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0)
}

const ESCAPES: Record<string, string> = { n: '\n', '"': '"', '\\': '\\' }

function labelsOf(list: string): Map<string, string> {
  return new Map([...list.matchAll(/([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', value = '']) => [label, value.replace(/\\(.)/g, (whole, one: string) => ESCAPES[one] ?? whole)]))
}
