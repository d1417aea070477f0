// Proxies of other meshes whose metrics are read as Prometheus reads them. docs/other-meshes.md
import { z } from 'zod'
import { DnsLabel } from './ids.ts'

export const SCRAPE_LIMITS = { targetsMax: 100, bytesMax: 16 * 2 ** 20, timeoutMs: 10_000, seriesMax: 20_000, edgesMax: 2000 }

export const ScrapeTarget = z.strictObject({
  name: DnsLabel,
  /** A proxy's own page, or `/federate` of a Prometheus that scrapes many. */
  url: z.url({ protocol: /^https?$/ }).max(2048).refine((url) => URL.parse(url)?.username === '' && URL.parse(url)?.password === '', 'a URL with a user name or password in it is not fetched'),
  intervalSeconds: z.number().int().min(5).max(300).default(15),
  /** Both ends of a call count it. `callers`: what callers' proxies say, and callees' where the caller has none. `callees`: what callees' proxies say. */
  toldBy: z.enum(['callers', 'callees']).default('callers'),
  /** Whose proxy it is, where its samples do not say so themselves: a proxy of Linkerd. */
  workload: z.strictObject({ namespace: DnsLabel, name: DnsLabel, version: z.string().max(128).default('') }).optional(),
})
export type ScrapeTarget = z.infer<typeof ScrapeTarget>

export const ScrapeTargets = z.strictObject({
  items: z.array(ScrapeTarget).max(SCRAPE_LIMITS.targetsMax).refine((items) => new Set(items.map(({ name }) => name)).size === items.length, 'two targets have one name'),
})
export type ScrapeTargets = z.infer<typeof ScrapeTargets>

/** Why a sample counts nothing. */
export const REFUSED_SAMPLES = {
  duplicate: 'the same series twice',
  not_a_number: 'a value that is no number, negative or too large',
  wrong_type: 'a metric of another type than its mesh gives it',
  not_a_histogram: 'buckets that do not add up',
  no_workload: 'a proxy that does not say whose it is: the target needs a workload',
  no_callee: 'a call that does not say who was called',
  too_fast: 'more than 100,000 calls a second of one series',
} as const satisfies Record<string, string>
export type RefusedSample = keyof typeof REFUSED_SAMPLES

/** `waiting`: not scraped yet. `up`, `down`: as the last scrape went. `unattended`: no collector has scraped it for three intervals. */
export const ScrapeState = z.enum(['waiting', 'up', 'down', 'unattended'])

export const ScrapeStatus = z.object({
  name: z.string(),
  state: ScrapeState,
  scrapedAt: z.string().nullable(),
  succeededAt: z.string().nullable(),
  /** Why the last scrape failed. */
  error: z.string().nullable(),
  durationMs: z.number().int(),
  bytes: z.number().int(),
  /** Series of calls in the last scrape that went well, and the edges they are of. */
  series: z.number().int(),
  edges: z.number().int(),
  /** Samples of that scrape that count nothing, by reason. */
  refused: z.record(z.string(), z.number().int()),
})
export type ScrapeStatus = z.infer<typeof ScrapeStatus>
