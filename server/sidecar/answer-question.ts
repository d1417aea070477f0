// What Envoy's admin interface says, reduced to what a person asked: a whole dump of a large mesh is megabytes, and its noise is not the question.
import { messageOf } from '../contracts/errors.ts'
import type { AnswerRequest, AskedQuestion, ProxyAnswer, ProxyQuestion } from '../contracts/proxy-question.ts'
import type { AdminAnswer } from './envoy-admin.ts'

type Ask = (path: string, method?: 'GET' | 'POST') => Promise<AdminAnswer>
type AnswerAbout<About extends ProxyAnswer['about']> = Extract<ProxyAnswer, { about: About }>

const STATISTICS_MAX = 500
const CLUSTERS_MAX = 2000

/** What control is told: the answer, or why there is none. */
export async function answerAsked(ask: Ask, { id, question }: AskedQuestion): Promise<AnswerRequest> {
  try {
    return { id, answer: await answerQuestion(ask, question), failure: null }
  } catch (error) {
    return { id, answer: null, failure: `its Envoy gave no answer: ${messageOf(error)}`.slice(0, 500) }
  }
}

/** Throws when Envoy does not answer, or not so. */
async function answerQuestion(ask: Ask, question: ProxyQuestion): Promise<ProxyAnswer> {
  const read = async (path: string, method?: 'POST') => {
    const { ok, text } = await ask(path, method)
    if (!ok) throw new Error(text.trim().slice(0, 200) || `Envoy did not take ${path}`)
    return text
  }
  switch (question.about) {
    case 'config':
      return readConfig(JSON.parse(await read('/config_dump')))
    case 'clusters':
      return readClusters(JSON.parse(await read('/clusters?format=json')))
    case 'certificates':
      return readCertificates(JSON.parse(await read('/certs')))
    case 'statistics':
      return readStatistics(await read(`/stats?filter=${encodeURIComponent(escapeRegex(question.contains))}`), question.contains)
    case 'log':
      return readLevels(await read(question.level === null ? '/logging' : `/logging?level=${question.level}`, 'POST'))
  }
}

interface Dumped {
  version_info?: string
  last_updated?: string
  name?: string
  cluster?: { '@type': string; name: string }
  route_config?: { '@type': string; name: string }
  active_state?: { version_info?: string; last_updated?: string; listener: { '@type': string; name: string } }
}

/** Clusters, listeners and route configurations; Envoy's dump tells no version of endpoints, and virtual hosts stand in their route configuration. */
export function readConfig(dump: { configs?: { dynamic_active_clusters?: Dumped[]; dynamic_listeners?: Dumped[]; dynamic_route_configs?: Dumped[] }[] }): AnswerAbout<'config'> {
  const all = (dump.configs ?? []).flatMap((part) => [...(part.dynamic_active_clusters ?? []), ...(part.dynamic_listeners ?? []), ...(part.dynamic_route_configs ?? [])])
  const resources = all.flatMap((one) => {
    const state = one.active_state ?? one
    const resource = one.cluster ?? one.route_config ?? one.active_state?.listener
    return resource ? [{ typeUrl: resource['@type'], name: resource.name, version: state.version_info ?? '', since: state.last_updated ?? '' }] : []
  })
  return { about: 'config', resources }
}

interface Host {
  address?: { socket_address?: { address: string; port_value: number }; pipe?: { path: string } }
  stats?: { name: string; value?: string }[]
  health_status?: Record<string, string | boolean>
}

/** Failed flags in words; `eds_health_status` is control's own word. */
const WHY: Record<string, string> = {
  failed_outlier_check: 'ejected: it failed too often here',
  failed_active_health_check: 'its health check fails',
  failed_degraded_outlier_detection: 'degraded: it answers badly here',
  pending_dynamic_removal: 'on its way out',
  pending_active_hc: 'not checked yet',
  excluded_via_immediate_hc_fail: 'its health check failed at once',
  active_hc_timeout: 'its health check takes too long',
}

export function readClusters(said: { cluster_statuses?: { name: string; host_statuses?: Host[] }[] }): AnswerAbout<'clusters'> {
  const clusters = (said.cluster_statuses ?? []).slice(0, CLUSTERS_MAX).map(({ name, host_statuses = [] }) => ({ name, hosts: host_statuses.map(readHost) }))
  return { about: 'clusters', clusters }
}

function readHost({ address, stats = [], health_status: health = {} }: Host) {
  const count = (name: string) => Number(stats.find((one) => one.name === name)?.value ?? 0)
  const byControl = String(health['eds_health_status'] ?? 'HEALTHY')
  const why = [...Object.entries(health).flatMap(([flag, isSet]) => (isSet === true ? [WHY[flag] ?? flag] : [])), ...(byControl === 'HEALTHY' ? [] : [`control says ${byControl.toLowerCase()}`])]
  const at = address?.socket_address
  return { address: at ? `${at.address}:${at.port_value}` : (address?.pipe?.path ?? ''), isHealthy: why.length === 0, why, connections: count('cx_active'), active: count('rq_active'), requests: count('rq_total'), errors: count('rq_error') }
}

interface Certificate {
  serial_number: string
  subject_alt_names?: { uri?: string; dns?: string; ip_address?: string }[]
  valid_from: string
  expiration_time: string
}

/** Each once, however many connections use it. */
export function readCertificates(said: { certificates?: { ca_cert?: Certificate[]; cert_chain?: Certificate[] }[] }): AnswerAbout<'certificates'> {
  const found = new Map<string, AnswerAbout<'certificates'>['certificates'][number]>()
  for (const { ca_cert = [], cert_chain = [] } of said.certificates ?? [])
    for (const [isRoot, list] of [[false, cert_chain], [true, ca_cert]] as const)
      for (const { serial_number: serial, subject_alt_names: names = [], valid_from: from, expiration_time: to } of list)
        found.set(`${isRoot} ${serial}`, { serial, names: names.map(({ uri, dns, ip_address }) => uri ?? dns ?? ip_address ?? ''), isRoot, from, to })
  return { about: 'certificates', certificates: [...found.values()] }
}

/** Histograms are lines of another form, and left out: the console has latency from them. */
export function readStatistics(text: string, contains: string): AnswerAbout<'statistics'> {
  const all = [...text.matchAll(/^(.+): (\d+)$/gm)].map(([, name = '', value]) => ({ name, value: Number(value) })).filter(({ name }) => name.includes(contains))
  return { about: 'statistics', found: all.length, statistics: all.slice(0, STATISTICS_MAX) }
}

export function readLevels(text: string): AnswerAbout<'log'> {
  return { about: 'log', levels: Object.fromEntries([...text.matchAll(/^\s+([a-z0-9_]+): ([a-z]+)$/gm)].map(([, name = '', level = '']) => [name, level])) }
}

function escapeRegex(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
