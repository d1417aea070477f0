// A mesh without sidecar processes: real PostgreSQL, the real xDS service, real Envoys with a bootstrap of the test's own. Streams
// are plaintext and say who they are in a header; identities for mTLS between the Envoys come from a CA of the test.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServerDuplexStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js'
import { commitChange } from '../changes/commit.ts'
import { encodeJson, type Json } from '../compile/encode.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import { refOf, type MeshObject, type ObjectRef } from '../contracts/object.ts'
import type { Db } from '../db/client.ts'
import { notify } from '../db/listen.ts'
import { exportKeyPem, makeIssuing, makeKeys, makeRoot, signSvid } from '../identity/certificate.ts'
import { readRevisionStatus } from '../queries/revision-status.ts'
import { findEnvoy } from '../run/envoy.ts'
import { startXdsServer } from '../xds/ads.ts'
import { decodeRequest, encodeResponse } from '../xds/wire.ts'
import { freePort } from './free-port.ts'
import { callerThrough, eventually, type Caller } from './load.ts'
import { IDENTITY_HEADER, startTestControl, type ControlOptions, type TestControl } from './test-control.ts'

export const TRUST_DOMAIN = 'mesh.test'
const MESH = 'local'
const SECRET_TYPE = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret'

export interface TestAgent extends AsyncDisposable {
  port: number
  server: Server
  received: { path: string; headers: IncomingMessage['headers'] }[]
}

/** A plain HTTP server that says in `x-version` which one it is. */
export async function startAgent(version: string): Promise<TestAgent> {
  const received: TestAgent['received'] = []
  const server = createServer((request, response) => {
    received.push({ path: request.url ?? '', headers: request.headers })
    request.resume()
    response.writeHead(200, { 'x-version': version }).end(version)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server's address is never a string
  return {
    port,
    server,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface TestProxy extends AsyncDisposable {
  id: string
  out: Caller
  outboundPort: number
  inboundPort: number
  agent: TestAgent
  process: ChildProcess
  admin(path: string): Promise<string>
  /** A counter or gauge; 0 when Envoy does not have it yet. */
  stat(name: string): Promise<number>
  ready(): Promise<void>
  /** Envoy's log so far. */
  log(): string
}

export interface NativeMesh extends AsyncDisposable {
  db: Db
  control: TestControl
  /** Trace export requests of all proxies, as they came. */
  exported: Buffer[]
  commit(objects: readonly MeshObject[], remove?: readonly ObjectRef[]): Promise<number>
  status(revision: number): ReturnType<typeof readRevisionStatus>
  /** Waits until the revision is accepted; fails when it is not in time. */
  accepted(revision: number, withinMs?: number): Promise<void>
  addProxy(agent: string, options?: AddProxy): Promise<TestProxy>
  /** A certificate with its chain, its key and the roots, as PEM. */
  issue(spiffeId: string): Promise<Issued>
  /** Every Envoy gets a new certificate, as from a renewal. */
  renew(): Promise<void>
  /** Only the row, for a raw stream. */
  addProxyRow(agent: string, id: string, ports?: RowPorts): Promise<void>
}

export interface Issued {
  chain: string
  key: string
  roots: string
}

interface RowPorts {
  inboundPort: number
  outboundPort: number
  agentPort: number
  zone?: string
}

export interface AddProxy {
  version?: string
  namespace?: string
  variant?: 'delta' | 'sotw'
  zone?: string
  /** xDS ports to choose from; the first control's by default. */
  controls?: number[]
  waitReady?: boolean
  /** The agent whose certificate it gets, when that is another's. */
  certificateOf?: string
  /** Of the agent behind the sidecar, when it is not the test's HTTP server. */
  agentPort?: number
}

/** `beside`: services that the sidecars' socket has besides secrets, such as the semantic one. */
export async function startNativeMesh(db: Db, beside: { definition: ServiceDefinition; handlers: UntypedServiceImplementation }[] = [], options: ControlOptions = {}): Promise<NativeMesh> {
  const things = new AsyncDisposableStack()
  await db.pool.query('insert into mesh (name, trust_domain) values ($1, $2) on conflict do nothing', [MESH, TRUST_DOMAIN])
  const control = things.use(await startTestControl(db, 0, options))
  const root = await makeRoot(TRUST_DOMAIN)
  const issuing = await makeIssuing(root, TRUST_DOMAIN)
  const issue: NativeMesh['issue'] = async (spiffeId) => {
    const keys = await makeKeys()
    const leaf = await signSvid(issuing, { spiffeId, proxy: 'test', publicKey: keys.publicKey, ttlMs: 3_600_000 })
    return { chain: `${leaf.toString('pem')}\n${issuing.pem}`, key: await exportKeyPem(keys.privateKey), roots: root.pem }
  }
  const secrets = things.use(await startSecrets(issue, beside))
  const exported: Buffer[] = []
  const otlp = things.use(await startOtlp(exported))
  const envoy = await findEnvoy({ envoyPath: process.env['ENVOY_PATH'] ?? '' })
  let count = 0

  const addProxyRow: NativeMesh['addProxyRow'] = async (agent, id, ports) => {
    const endpoints = ports && { address: '127.0.0.1', inboundPort: ports.inboundPort, outboundPort: ports.outboundPort, adminPort: 1, agentTarget: { port: ports.agentPort }, zone: ports.zone ?? '' }
    await db.pool.query('insert into proxy (mesh, id, namespace, agent, version, spiffe_id, endpoints) values ($1, $2, $3, $4, $5, $6, $7)', [MESH, id, 'default', agent, 'v1', spiffeIdOf(TRUST_DOMAIN, 'default', agent), JSON.stringify(endpoints ?? {})])
  }

  return {
    db,
    control,
    exported,
    issue,
    renew: () => secrets.renew(),
    addProxyRow,
    async commit(objects, remove = []) {
      const changes = [...objects.map((object) => ({ ref: refOf(object), expected: 'any' as const, after: object })), ...remove.map((ref) => ({ ref, expected: 'any' as const, after: null }))]
      const result = await commitChange(db, { mesh: MESH, author: 'test', reason: '', changes })
      if (result.outcome !== 'committed' || result.revision === null) throw new Error('the commit changed nothing')
      return result.revision
    },
    status: (revision) => readRevisionStatus(db, MESH, revision),
    async accepted(revision, withinMs = 5000) {
      await eventually(`revision ${revision} accepted`, withinMs, async () => {
        const status = await readRevisionStatus(db, MESH, revision)
        if (status.state === 'rejected') throw new Error(JSON.stringify(status.rejected))
        return status.state === 'accepted' ? true : Promise.reject(new Error(JSON.stringify(status)))
      })
    },
    async addProxy(agentName, options = {}) {
      const { version = 'v1', variant = 'delta', zone = '', controls = [control.port], waitReady = true } = options
      const own = new AsyncDisposableStack()
      const id = `${agentName}-${version}-${++count}`
      const agent = own.use(await startAgent(version))
      const [inboundPort, outboundPort, adminPort] = [await freePort(), await freePort(), await freePort()]
      await addProxyRow(agentName, id, { inboundPort, outboundPort, agentPort: options.agentPort ?? agent.port, zone })
      await db.pool.query(`insert into instance (mesh, id, namespace, agent, version, address, port, zone, source) values ($1, $2, 'default', $3, $4, '127.0.0.1', $5, $6, 'sidecar')`, [MESH, id, agentName, version, inboundPort, zone])
      await notify(db.pool, 'instance', { mesh: MESH })
      const directory = await mkdtemp(join(tmpdir(), 'heddle-envoy-'))
      const spiffeId = spiffeIdOf(TRUST_DOMAIN, 'default', agentName)
      const shown = spiffeIdOf(TRUST_DOMAIN, 'default', options.certificateOf ?? agentName)
      const config = join(directory, 'envoy.json')
      await writeFile(config, JSON.stringify(bootstrap({ id, spiffeId, shown, variant, controls, secretsPort: secrets.port, otlpPort: otlp.port, adminPort })))
      const child = spawn(envoy.path, ['-c', config, '--use-dynamic-base-id', '--concurrency', '1', '-l', 'warning'], { stdio: ['ignore', 'ignore', 'pipe'] })
      let log = ''
      child.stderr.on('data', (chunk) => (log += String(chunk)))
      const admin = async (path: string) => (await fetch(`http://127.0.0.1:${adminPort}${path}`, { signal: AbortSignal.timeout(5000) })).text()
      const ready = async () => void (await eventually(`${id} ready`, 15_000, async () => (await admin('/ready')).startsWith('LIVE') || Promise.reject(new Error(log))))
      own.defer(async () => {
        child.kill('SIGKILL')
        await rm(directory, { recursive: true, force: true })
      })
      const proxy: TestProxy = {
        id,
        outboundPort,
        inboundPort,
        agent,
        out: own.use(callerThrough(outboundPort)),
        process: child,
        admin,
        ready,
        stat: async (name) => Number(/: (\d+)/.exec(await admin(`/stats?filter=^${name.replaceAll('.', '\\.')}$`))?.[1] ?? 0),
        log: () => log,
        [Symbol.asyncDispose]: () => own.disposeAsync(),
      }
      things.use(proxy)
      if (waitReady) await ready()
      return proxy
    },
    [Symbol.asyncDispose]: () => things.disposeAsync(),
  }
}

/** The sidecar's SDS, for all proxies of a test in one place: who asks says its identity in a header. */
async function startSecrets(issue: NativeMesh['issue'], beside: NonNullable<Parameters<typeof startNativeMesh>[1]>) {
  const bytes = (value: Buffer) => value
  const definition = { stream: { path: '/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets', requestStream: true, responseStream: true, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes } }
  const open = new Map<ServerDuplexStream<Buffer, Buffer>, readonly string[]>()
  let round = 1
  const answer = async (call: ServerDuplexStream<Buffer, Buffer>, names: readonly string[]) => {
    const { chain, key, roots } = await issue(String(call.metadata.get(IDENTITY_HEADER)[0]))
    const version = String(round)
    const resources = names.map((name) => {
      const json: Json = name === 'trust' ? { name, validation_context: { trusted_ca: { inline_string: roots } } } : { name, tls_certificate: { certificate_chain: { inline_string: chain }, private_key: { inline_string: key } } }
      return { name, version, typeUrl: SECRET_TYPE as never, bytes: encodeJson(SECRET_TYPE, json) } // an SDS type is none of ours over ADS
    })
    call.write(encodeResponse('sotw', { typeUrl: SECRET_TYPE, nonce: version, version, resources, removed: [] }))
  }
  const stream = (call: ServerDuplexStream<Buffer, Buffer>) => {
    call.on('data', (message: Buffer) => {
      const request = decodeRequest('sotw', message)
      if (request.nonce !== '') return
      open.set(call, request.subscribe)
      void answer(call, request.subscribe)
    })
    call.on('end', () => call.end())
    call.on('close', () => open.delete(call))
    call.on('error', () => {}) // an Envoy that is killed breaks its stream
  }
  const server = await startXdsServer({ services: [{ definition, handlers: { stream } }, ...beside], host: '127.0.0.1', port: 0 })
  return {
    ...server,
    async renew() {
      round++
      await Promise.all([...open].filter(([call]) => !call.destroyed && !call.cancelled).map(([call, names]) => answer(call, names)))
    },
  }
}

function startOtlp(exported: Buffer[]) {
  const bytes = (value: Buffer) => value
  const definition = { export: { path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export', requestStream: false, responseStream: false, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes } }
  const take = (call: { request: Buffer }, answer: (error: null, response: Buffer) => void) => {
    exported.push(call.request)
    answer(null, Buffer.alloc(0))
  }
  return startXdsServer({ services: [{ definition, handlers: { export: take } }], host: '127.0.0.1', port: 0 })
}

function bootstrap(options: { id: string; spiffeId: string; shown: string; variant: 'delta' | 'sotw'; controls: number[]; secretsPort: number; otlpPort: number; adminPort: number }): Json {
  const { id, spiffeId, shown, variant, controls, secretsPort, otlpPort, adminPort } = options
  const ads = { ads: {}, resource_api_version: 'V3' }
  return {
    node: { id, cluster: 'test' },
    admin: { address: address(adminPort) },
    dynamic_resources: {
      ads_config: {
        api_type: variant === 'delta' ? 'DELTA_GRPC' : 'GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: 'control', retry_policy: { retry_back_off: { base_interval: '0.05s', max_interval: '0.3s' } } }, initial_metadata: [{ key: IDENTITY_HEADER, value: spiffeId }] }],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: {
      clusters: [
        cluster('control', controls, []),
        cluster('heddle-sidecar', [secretsPort], [{ key: IDENTITY_HEADER, value: shown }]),
        cluster('heddle-otlp', [otlpPort], []),
        cluster('heddle-sidecar-card', [1], []),
      ],
    },
  }
}

function cluster(name: string, ports: number[], headers: { key: string; value: string }[]): Json {
  const type = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
  const filters = headers.length === 0 ? [] : [
    { name: 'who', typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', mutations: { request_mutations: headers.map((header) => ({ append: { header, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' } })) } } },
    { name: 'codec', typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec' } },
  ]
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    typed_extension_protocol_options: { [type]: { '@type': `type.googleapis.com/${type}`, explicit_http_config: { http2_protocol_options: { connection_keepalive: { interval: '1s', timeout: '1s' } } }, ...(filters.length > 0 ? { http_filters: filters } : {}) } },
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: ports.map((port) => ({ endpoint: { address: address(port) } })) }] },
  }
}

function address(port: number): Json {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}
