// A gRPC client without an Envoy (`@grpc/grpc-js-xds`) reads the mesh from control itself, and calls agents behind their sidecars.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, credentials, Metadata, Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js'
import { register, XdsChannelCredentials } from '@grpc/grpc-js-xds'
import { expect, test } from 'vitest'
import { agent, agentVersion, grpcRoute, policy, route, split } from '../compile/fixtures.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import type { MeshObject } from '../contracts/object.ts'
import { readProxies } from '../queries/proxies.ts'
import { testDatabase } from '../testing/database.ts'
import { burst, eventually, fourSigma, tally } from '../testing/load.ts'
import { startNativeMesh, TRUST_DOMAIN, type Issued, type NativeMesh } from '../testing/native-mesh.ts'

register()

const WRITER = spiffeIdOf(TRUST_DOMAIN, 'default', 'writer')
const NODE = 'writer-grpc'
/** In place of a bootstrap file: one process then has several. */
const BOOTSTRAP = 'grpc.TEST_ONLY_DO_NOT_USE_IN_PROD.xds_bootstrap_config'
const same = (value: Buffer) => value

/** A gRPC server that answers which version it is, and whom its sidecar saw. */
async function startWeaver(version: string) {
  const server = new Server()
  const shape = { requestStream: false, responseStream: false, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same }
  const answer = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => done(null, Buffer.from(`${version} ${String(call.metadata.get('x-forwarded-client-cert')[0])}`))
  server.addService({ warp: { path: '/loom.Weaver/Warp', ...shape }, weft: { path: '/loom.Weaver/Weft', ...shape } }, { warp: answer, weft: answer })
  const port = await new Promise<number>((resolve, reject) => server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))))
  return { port, [Symbol.asyncDispose]: async () => server.forceShutdown() }
}

async function writeBootstrap(directory: string, { chain, key, roots }: Issued, controlPort: number, provider: string): Promise<string> {
  const files = { certificate_file: 'chain.pem', private_key_file: 'key.pem', ca_certificate_file: 'roots.pem' }
  const paths = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, join(directory, file)]))
  await Promise.all([writeFile(join(directory, 'chain.pem'), chain), writeFile(join(directory, 'key.pem'), key, { mode: 0o600 }), writeFile(join(directory, 'roots.pem'), roots)])
  return JSON.stringify({
    xds_servers: [{ server_uri: `127.0.0.1:${controlPort}`, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
    node: { id: NODE, locality: {} },
    certificate_providers: { [provider]: { plugin_name: 'file_watcher', config: { ...paths, refresh_interval: '60s' } } },
  })
}

interface Writer extends AsyncDisposable {
  /** What the callee says; rejects with gRPC's code. */
  call(target: string, method?: string, headers?: Record<string, string>): Promise<string>
}

/** `provider`: what the client's bootstrap calls its certificates. */
async function startWriter(mesh: NativeMesh, provider = 'heddle'): Promise<Writer> {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-grpc-'))
  const bootstrap = await writeBootstrap(directory, await mesh.issue(WRITER), mesh.control.port, provider)
  // With a bootstrap of its own each channel has its own stream, and a node has one at a time.
  let open: { target: string; client: Client } | null = null
  const clientOf = (target: string) => {
    if (open?.target !== target) {
      open?.client.close()
      open = { target, client: new Client(`xds:///${target}`, new XdsChannelCredentials(credentials.createInsecure()), { [BOOTSTRAP]: bootstrap }) }
    }
    return open.client
  }
  return {
    call: (target, method = 'Warp', headers = {}) =>
      new Promise((resolve, reject) => {
        const metadata = Metadata.fromHttp2Headers(headers)
        clientOf(target).makeUnaryRequest(`/loom.Weaver/${method}`, same, same, Buffer.from('thread'), metadata, { deadline: Date.now() + 20_000 }, (error, value) => (error ? reject(error) : resolve(String(value))))
      }),
    async [Symbol.asyncDispose]() {
      open?.client.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function startLooms(mesh: NativeMesh, things: AsyncDisposableStack): Promise<void> {
  await mesh.commit([agent('writer'), agent('weaver', { protocol: 'grpc' }), agentVersion('weaver', 'v1'), agentVersion('weaver', 'v2')])
  await mesh.addProxyRow('writer', NODE)
  for (const version of ['v1', 'v2']) await mesh.addProxy('weaver', { version, agentPort: things.use(await startWeaver(version)).port })
}

const shown = async (mesh: NativeMesh) => (await readProxies(mesh.db, 'local', { limit: 1, id: NODE }))[0]!
const typeOf = (proxy: Awaited<ReturnType<typeof shown>>, name: string) => Object.entries(proxy.types).find(([type]) => type.endsWith(`.${name}`))?.[1]

test('a gRPC client without an Envoy resolves an agent, shows its identity, follows weights, methods and policies, and acknowledges all of it', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db, [], { nameless: WRITER })
  await using things = new AsyncDisposableStack()
  await startLooms(mesh, things)
  await mesh.commit([split('weaver', { v1: 1 })])
  await using writer = await startWriter(mesh)
  const edit = async (object: MeshObject) => mesh.accepted(await mesh.commit([object]), 10_000)

  for (const name of ['weaver', 'weaver.default', 'weaver.default.mesh']) expect(await writer.call(name)).toContain(`URI=${WRITER}`)
  // A row comes with the answer: types that were sent a moment ago are not there yet.
  const proxy = await eventually('one of each type is acknowledged', 5000, async () => {
    const now = await shown(mesh)
    const isOne = (type: string) => typeOf(now, type)?.state === 'synced' && typeOf(now, type)?.sent === 1
    return now.state === 'synced' && ['Listener', 'RouteConfiguration', 'Cluster', 'ClusterLoadAssignment'].every(isOne) ? now : null
  })
  expect(proxy.build).toMatch(/^gRPC Node Pure JS /)

  await edit(split('weaver', { v1: 90, v2: 10 })) // to a cluster that it asks for only when it has seen the route
  const answers = await burst(600, 8, () => writer.call('weaver.default.mesh'))
  const toFirst = tally(answers.map((answer) => answer.slice(0, 2))).get('v1') ?? 0
  expect(Math.abs(toFirst - 540)).toBeLessThanOrEqual(fourSigma(600, 0.9))
  await edit(split('weaver', { v1: 0, v2: 1 }))
  expect(new Set((await burst(50, 8, () => writer.call('weaver.default.mesh'))).map((answer) => answer.slice(0, 2)))).toEqual(new Set(['v2']))

  await mesh.commit([], [{ kind: 'HTTPRoute', namespace: 'default', name: 'weaver' }])
  const to = (version: string, match: object) => ({ matches: [match], backendRefs: [{ kind: 'AgentVersion', name: `weaver-${version}` }] })
  const parentRefs = [{ kind: 'Agent', name: 'weaver' }]
  await edit(grpcRoute('weaver', { parentRefs, rules: [to('v1', { method: { service: 'loom.Weaver', method: 'Warp' } }), to('v2', { method: { service: 'loom.Weaver' }, headers: [{ name: 'x-tier', value: 'gold' }] })] }))
  expect(await writer.call('weaver.default.mesh', 'Warp', { 'x-tier': 'gold' })).toMatch(/^v1/)
  expect(await writer.call('weaver.default.mesh', 'Weft', { 'x-tier': 'gold' })).toMatch(/^v2/)
  await expect(writer.call('weaver.default.mesh', 'Weft')).rejects.toMatchObject({ code: status.UNAVAILABLE }) // no rule is for it

  await edit(policy('closed', { targetRefs: [{ name: 'weaver' }], action: 'Deny', rules: [{ from: [{ agents: ['writer'] }] }] }))
  await expect(writer.call('weaver.default.mesh')).rejects.toMatchObject({ code: status.PERMISSION_DENIED })
  expect(mesh.control.errors).toEqual([])
}, 90_000)

test('what gRPC has no like for leads nowhere rather than elsewhere', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db, [], { nameless: WRITER })
  await using things = new AsyncDisposableStack()
  await startLooms(mesh, things)
  await mesh.commit([
    route('weaver', {
      parentRefs: [{ kind: 'Agent', name: 'weaver' }],
      rules: [
        { matches: [{ path: { value: '/loom.Weaver/Weft' } }], filters: [{ type: 'RequestRedirect', requestRedirect: { hostname: 'elsewhere.example' } }] },
        { matches: [{ path: { value: '/loom.Weaver' }, method: 'GET' }], backendRefs: [{ kind: 'AgentVersion', name: 'weaver-v2' }] },
        { matches: [{ path: { value: '/loom.Weaver' }, queryParams: [{ name: 'q', value: '1' }] }], backendRefs: [{ kind: 'AgentVersion', name: 'weaver-v2' }] },
        { matches: [{ path: { value: '/loom.Weaver' } }], backendRefs: [{ kind: 'AgentVersion', name: 'weaver-v1' }], timeouts: { request: '5s' }, retry: { codes: [503], attempts: 2 } },
      ],
    }),
  ])
  await using writer = await startWriter(mesh)
  const began = performance.now()
  expect(await writer.call('weaver.default.mesh')).toMatch(/^v1/) // a GET and a query are never a gRPC call's
  await expect(writer.call('weaver.default.mesh', 'Weft')).rejects.toMatchObject({ code: status.UNAVAILABLE })
  expect(performance.now() - began).toBeLessThan(10_000) // what is not there a client waits for, 15 s
}, 60_000)

test('a client that refuses what it was sent is shown as one, in its own words', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db, [], { nameless: WRITER })
  await using things = new AsyncDisposableStack()
  await startLooms(mesh, things)
  await using writer = await startWriter(mesh, 'another-name')
  await expect(writer.call('weaver.default.mesh')).rejects.toMatchObject({ code: status.UNAVAILABLE })
  const proxy = await eventually('the refusal', 5000, async () => ((await shown(mesh)).state === 'rejected' ? shown(mesh) : null))
  expect(typeOf(proxy, 'Cluster')).toMatchObject({ state: 'rejected', reason: expect.stringContaining('Unmatched UpstreamTlsContext.tls_certificate_provider_instance.instance_name: heddle') as string })
  expect(typeOf(proxy, 'Listener')).toMatchObject({ state: 'synced' })
}, 60_000)
