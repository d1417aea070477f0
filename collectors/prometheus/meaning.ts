// Which calls a series of another mesh's proxy is of.
// https://istio.io/latest/docs/reference/config/metrics/ https://linkerd.io/2/reference/proxy-metrics/
import type { RefusedSample, ScrapeTarget } from '#server/contracts/scrape.ts'
import { CLIENTS } from '../metrics/write.ts'
import type { EdgeKey } from '../rollup/counts.ts'

export type Measure = 'requests' | 'asked' | 'latency' | 'sent' | 'received'

/** What the metrics measure; of histograms by the name of their family. `asked` counts where no answers are counted. */
const METRICS: Record<string, { measure: Measure; mesh: 'istio' | 'linkerd'; histogram: boolean }> = {
  istio_requests_total: { measure: 'requests', mesh: 'istio', histogram: false },
  istio_request_duration_milliseconds: { measure: 'latency', mesh: 'istio', histogram: true },
  istio_request_bytes: { measure: 'sent', mesh: 'istio', histogram: true },
  istio_response_bytes: { measure: 'received', mesh: 'istio', histogram: true },
  request_total: { measure: 'asked', mesh: 'linkerd', histogram: false },
  response_total: { measure: 'requests', mesh: 'linkerd', histogram: false },
  response_latency_ms: { measure: 'latency', mesh: 'linkerd', histogram: true },
}
/** When the process began, in seconds: another value is another beginning. */
export const PROCESS_START = 'process_start_time_seconds'
const WANTED = new Set([PROCESS_START, ...Object.entries(METRICS).flatMap(([name, { histogram }]) => (histogram ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]))])

export const isWanted = (name: string): boolean => WANTED.has(name)

export interface Metric {
  name: string
  measure: Measure
  mesh: 'istio' | 'linkerd'
  histogram: boolean
  part: 'value' | 'bucket' | 'sum' | 'count'
}

/** Of a sample's name that is wanted; null for `process_start_time_seconds`. */
export function metricOf(sampleName: string): Metric | null {
  const plain = METRICS[sampleName]
  if (plain) return { name: sampleName, ...plain, part: 'value' }
  const [, name = '', part = ''] = /^(.*)_(bucket|sum|count)$/.exec(sampleName) ?? []
  const known = METRICS[name]
  return known ? { name, ...known, part: part as Metric['part'] } : null // one of the three, by the expression
}

export interface Call {
  edge: EdgeKey
  outcome: 'ok' | 'error' | 'refused'
  mtls: boolean
}

type Labels = Readonly<Record<string, string>>
type Placed = { call: Call } | { refused: RefusedSample } | null

/** Null: the other end of the call tells of it. */
export function callOf(metric: Metric, labels: Labels, mesh: string, target: ScrapeTarget): Placed {
  return metric.mesh === 'istio' ? istioCall(labels, mesh, target) : linkerdCall(labels, mesh, target)
}

/** Istio says `unknown` for what it does not know, and `latest` for a version that nobody labelled. */
const known = (label: string | undefined) => (label === undefined || label === 'unknown' || label === 'latest' ? '' : label)

function istioCall(labels: Labels, mesh: string, { toldBy }: ScrapeTarget): Placed {
  const caller = istioNode(labels, 'source')
  const isCallee = labels['reporter'] === 'destination'
  if (toldBy === 'callees' ? !isCallee : isCallee && caller !== null) return null
  // The caller hung up before an answer: with our own proxies this is no call either.
  if (labels['response_code'] === '0' && (labels['response_flags'] ?? '').split(',').includes('DC')) return null
  const callee = istioNode(labels, 'destination')
  if (callee === null) return { refused: 'no_callee' }
  const edge: EdgeKey = {
    mesh,
    source: caller ?? CLIENTS,
    sourceVersion: caller === null ? '' : istioVersion(labels, 'source'),
    target: callee,
    targetVersion: callee.startsWith('agent/') ? istioVersion(labels, 'destination') : '',
    protocol: known(labels['request_protocol']),
  }
  // The caller's proxy does not know the policy, but whom it proved to talk to.
  const mtls = labels['connection_security_policy'] === 'mutual_tls' || (labels['destination_principal'] ?? '').startsWith('spiffe://')
  return { call: { edge, outcome: outcomeOf(labels['response_code'] ?? '', labels['grpc_response_status'] ?? ''), mtls } }
}

function istioNode(labels: Labels, side: 'source' | 'destination'): string | null {
  const namespace = known(labels[`${side}_workload_namespace`]) || (side === 'destination' ? known(labels['destination_service_namespace']) : '')
  const service = side === 'destination' ? known(labels['destination_service_name']) : ''
  const name = known(labels[`${side}_canonical_service`]) || known(labels[`${side}_app`]) || known(labels[`${side}_workload`]) || service
  if (name === '') return null
  const isOutside = name.endsWith('Cluster') || namespace === '' || name.includes('.') // PassthroughCluster, a ServiceEntry's host
  return isOutside ? `external/${name}` : `agent/${namespace}/${name}`
}

const istioVersion = (labels: Labels, side: 'source' | 'destination') => known(labels[`${side}_version`]) || known(labels[`${side}_canonical_revision`])

/** As owners of pods are labelled by the proxy (`dst_…`), and by whoever scraped it. */
const OWNERS = ['deployment', 'statefulset', 'daemonset', 'replicaset', 'replicationcontroller', 'cronjob', 'k8s_job', 'job_name', 'service']

function linkerdCall(labels: Labels, mesh: string, { toldBy, workload }: ScrapeTarget): Placed {
  const inbound = labels['direction'] === 'inbound'
  if (toldBy === 'callees' ? !inbound : inbound && labels['client_id'] !== undefined && labels['client_id'] !== '') return null
  const own = workload ?? linkerdNode(labels, '')
  if (own === null) return { refused: 'no_workload' }
  const self = { node: `agent/${own.namespace}/${own.name}`, version: own.version }
  const mtls = labels['tls'] === 'true'
  const outcome = labels['classification'] === 'failure' ? 'error' : outcomeOf(labels['status_code'] ?? labels['http_status'] ?? '', labels['grpc_status'] ?? '')
  const ends = inbound ? { source: linkerdClient(labels), sourceVersion: '', target: self.node, targetVersion: self.version } : { source: self.node, sourceVersion: self.version, target: linkerdCallee(labels), targetVersion: '' }
  if (ends.target === null) return { refused: 'no_callee' }
  return { call: { edge: { mesh, ...ends, target: ends.target, protocol: '' }, outcome, mtls } }
}

function linkerdNode(labels: Labels, prefix: '' | 'dst_'): { namespace: string; name: string; version: string } | null {
  const owner = OWNERS.find((kind) => labels[`${prefix}${kind}`])
  const [namespace, name] = [labels[`${prefix}namespace`], owner && labels[`${prefix}${owner}`]]
  return namespace && name ? { namespace, name, version: '' } : null
}

/** `account.namespace.serviceaccount.identity.…`: a proxy's clients are known by their account. */
function linkerdClient(labels: Labels): string {
  const [, account, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.serviceaccount\./.exec(labels['client_id'] ?? '') ?? []
  return account && namespace ? `agent/${namespace}/${account}` : CLIENTS
}

function linkerdCallee(labels: Labels): string | null {
  const node = linkerdNode(labels, 'dst_')
  if (node) return `agent/${node.namespace}/${node.name}`
  const host = (labels['authority'] ?? labels['target_addr'] ?? '').replace(/:\d+$/, '')
  const [, service, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.|$)/.exec(host) ?? []
  if (service && namespace) return `agent/${namespace}/${service}`
  return host === '' ? null : `external/${host}`
}

/** UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS are the callee's. https://opentelemetry.io/docs/specs/semconv/rpc/grpc/ */
const GRPC_ERRORS = new Set([2, 4, 12, 13, 14, 15])

/** Code 0 is a call without an answer. */
function outcomeOf(code: string, grpcStatus: string): Call['outcome'] {
  const [http, grpc] = [Number(code), Number(grpcStatus)]
  if ((code !== '' && http === 0) || http >= 500 || (grpcStatus !== '' && GRPC_ERRORS.has(grpc))) return 'error'
  return http >= 400 || (grpcStatus !== '' && grpc > 0) ? 'refused' : 'ok'
}
