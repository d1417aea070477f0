// A whole mesh as its users see it: the REST API, and agents of any name beside `heddle sidecar`.
import type { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { GATEWAY_API, GROUP, HEDDLE_API } from '#server/contracts/meta.ts'
import { KINDS, type Kind } from '#server/contracts/object.ts'
import type { Proxy, RevisionStatus } from '#server/contracts/status.ts'
import type { Graph } from '#server/contracts/telemetry.ts'
import { eventually } from './load.ts'
import { startPlainAgent, type PlainAgent, type PlainAgentOptions } from './plain-agent.ts'

/** Where the Heddle under test is. */
export interface HeddleAddress {
  url: string
  token: string
  home: string
  /** What the command line needs to reach it. */
  env: Record<string, string>
}

export interface ApiAnswer<T> {
  status: number
  headers: Headers
  body: T
}

export type Written<K extends Kind> = z.input<(typeof KINDS)[K]['schema']>
export type AnyWritten = { [K in Kind]: Written<K> }[Kind]

export interface MeshUnderTest {
  request<T = unknown>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer<T>>
  get<T>(path: string): Promise<T>
  /** Creates or replaces an object as it is now; the revision that this made. */
  write(object: AnyWritten): Promise<number>
  remove(object: AnyWritten): Promise<number>
  status(revision: number): Promise<RevisionStatus>
  /** Waits until the revision is accepted by every proxy that needs it. */
  accepted(revision: number, withinMs?: number): Promise<RevisionStatus>
  proxies(): Promise<Proxy[]>
  graph(query?: string): Promise<Graph>
  /** Starts an agent and its sidecar and waits until its proxy is synced. */
  join(options: Omit<PlainAgentOptions, 'home'>): Promise<PlainAgent>
}

export function meshOf({ url, token, home, env }: HeddleAddress): MeshUnderTest {
  const request = async <T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer<T>> => {
    const response = await fetch(new URL(`/api/v1${path}`, url), {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as T } // the caller names the shape
  }
  const good = <T>(answer: ApiAnswer<T>): ApiAnswer<T> => {
    if (answer.status >= 400) throw new MeshError('internal', `the API answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    return answer
  }
  const get = async <T>(path: string) => good(await request<T>('GET', path)).body
  const revisionOf = (answer: ApiAnswer<unknown>) => Number(good(answer).headers.get('x-heddle-revision'))
  const ifMatch = async (path: string): Promise<Record<string, string>> => {
    const etag = (await request('GET', path)).headers.get('etag')
    return etag === null ? {} : { 'if-match': etag }
  }
  const status = (revision: number) => get<RevisionStatus>(`/revisions/${revision}/status`)
  const proxies = async () => (await get<{ items: Proxy[] }>('/proxies?limit=1000')).items
  return {
    request,
    get,
    status,
    proxies,
    write: async (object) => revisionOf(await request('PUT', pathOf(object), object, await ifMatch(pathOf(object)))),
    remove: async (object) => revisionOf(await request('DELETE', pathOf(object), undefined, await ifMatch(pathOf(object)))),
    accepted: (revision, withinMs = 10_000) =>
      eventually(`revision ${revision} accepted`, withinMs, async () => {
        const now = await status(revision)
        if (now.state === 'accepted' || now.state === 'superseded') return now
        throw new Error(JSON.stringify(now))
      }),
    graph: (query = 'window=5m') => get<Graph>(`/graph?${query}`),
    async join(options) {
      const agent = await startPlainAgent({ ...options, home, env: { ...env, ...options.env } })
      await eventually(`${agent.name} joined`, 90_000, async () => {
        if (agent.sidecar.exitCode !== null) throw new Error(`the sidecar of ${agent.name} ended: ${agent.output()}`)
        const mine = (await proxies()).find((proxy) => proxy.outboundUrl?.endsWith(`:${agent.outboundPort}`))
        const registered = (await request('GET', `/namespaces/default/agentversions/${agent.name}-${agent.version}`)).status === 200
        if (mine?.state === 'synced' && registered && agent.output().includes('Ready:')) return true
        throw new Error(`${JSON.stringify(mine)}\n${agent.output()}`)
      })
      return agent
    },
  }
}

/** `/namespaces/default/httproutes/shelf`. */
export function pathOf(object: AnyWritten): string {
  return `/namespaces/${object.metadata.namespace ?? 'default'}/${KINDS[object.kind].plural}/${object.metadata.name}`
}

/** The split of an agent over its versions: `splitOf('shelf', {v1: 90, v2: 10})`. */
export function splitOf(agent: string, weights: Record<string, number>): Written<'HTTPRoute'> {
  const backendRefs = Object.entries(weights).map(([version, weight]) => ({ kind: 'AgentVersion' as const, name: `${agent}-${version}`, weight }))
  return routeOf(agent, agent, [{ backendRefs }])
}

/** A route whose parent is the agent. */
export function routeOf(name: string, agent: string, rules: Written<'HTTPRoute'>['spec']['rules']): Written<'HTTPRoute'> {
  return { apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata: { name, namespace: 'default' }, spec: { parentRefs: [{ group: GROUP, kind: 'Agent', name: agent }], rules } }
}

/** Allow `callers`, and nobody else, to call the agent. */
export function onlyCallers(agent: string, callers: string[]): Written<'AuthorizationPolicy'> {
  return { apiVersion: HEDDLE_API, kind: 'AuthorizationPolicy', metadata: { name: agent, namespace: 'default' }, spec: { targetRefs: [{ name: agent }], action: 'Allow', rules: [{ from: [{ agents: callers }] }] } }
}
