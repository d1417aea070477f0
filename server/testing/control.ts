// Control's side of enrolment in the test's own process, on a database of its own, with TLS as it is.
import { Server, type ServerCredentials } from '@grpc/grpc-js'
import { openAuthority, type Authority } from '../identity/authority.ts'
import { watchPeers, type Peer, type Peers } from '../identity/peers.ts'
import { openControlCredentials } from '../identity/server-credentials.ts'
import { SIDECAR_DEFINITION, sidecarHandlers } from '../identity/service.ts'
import { createJoinToken } from '../identity/tokens.ts'
import type { Db } from '../db/client.ts'
import { openControlLink } from '../sidecar/control-link.ts'
import type { HeldIdentity } from '../sidecar/directory.ts'
import { enrol } from '../sidecar/identity-keeper.ts'
import { testDatabase } from './database.ts'
import { TEST_MESH, TEST_SECRET_KEY } from './sidecar-mesh.ts'

export const MESH = TEST_MESH.name
export const HEARTBEAT = {
  version: 'v1', state: 'ready', address: '127.0.0.1', inboundPort: 1, outboundPort: 2, adminPort: 3, agentTarget: { port: 4 }, envoyBuild: 'test', holds: null,
}

export interface Enrolment extends AsyncDisposable {
  address: string
  authority: Authority
  peers: Peers
  /** Whose heartbeats came. */
  heard: Peer[]
  db: Db
}

export async function startEnrolment(options: { db?: Db; svidTtlMs?: number; deniedWindowMs?: number; otlpPort?: number; refuse?: () => void } = {}): Promise<Enrolment> {
  const things = new AsyncDisposableStack()
  const db = options.db ?? things.use(await testDatabase())
  const authority = things.use(await openAuthority(db, { mesh: MESH, trustDomain: TEST_MESH.trustDomain, secretKey: TEST_SECRET_KEY, svidTtlMs: options.svidTtlMs ?? 3_600_000 }))
  const peers = things.use(watchPeers(authority))
  const { credentials } = things.use(await openControlCredentials(authority))
  const heard: Peer[] = []
  const heartbeat = async (peer: Peer) => {
    options.refuse?.()
    heard.push(peer)
  }
  const discovery = { heartbeat, leave: async () => {} }
  const handlers = sidecarHandlers({ db, authority, peers, otlpGrpc: { host: '127.0.0.1', port: options.otlpPort ?? 1, tls: null }, address: '127.0.0.1:1', discovery, deniedWindowMs: options.deniedWindowMs })
  const server = new Server()
  server.addService(SIDECAR_DEFINITION, handlers)
  things.defer(() => server.forceShutdown())
  const port = await bindServer(server, credentials)
  return { address: `127.0.0.1:${port}`, authority, peers, heard, db, [Symbol.asyncDispose]: () => things.disposeAsync() }
}

export function bindServer(server: Server, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port))))
}

export async function tokenFor(db: Db, options: { agent?: string; lifeMs?: number } = {}): Promise<string> {
  return (await createJoinToken(db.pool, { mesh: MESH, namespace: 'default', agent: options.agent ?? 'loom', createdBy: 'test', lifeMs: options.lifeMs })).token
}

export function enrolAt(control: Enrolment, token: string, proxyId = 'loom-1') {
  return enrol({ controls: [control.address], token, proxyId, version: 'v1' })
}

/** The way to control as the holder of an identity; null: as anybody. */
export function linkAs(identity: HeldIdentity | null, control: Enrolment) {
  return openControlLink({ bundlePem: identity?.bundlePem ?? control.authority.bundlePem(), trustDomain: TEST_MESH.trustDomain, certificate: identity }, () => [control.address])
}
