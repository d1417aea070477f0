// The control process: identities, who is there, and xDS. Started in this order, stopped backwards.
import { randomUUID } from 'node:crypto'
import { Gauge } from 'prom-client'
import { commitChange } from './changes/commit.ts'
import { readConfig } from './config.ts'
import { MESH_DEFAULT } from './contracts/ids.ts'
import { openDb } from './db/client.ts'
import { usableRole } from './db/roles.ts'
import { forgetOldRows } from './discovery/forget.ts'
import { receiveHeartbeats } from './discovery/heartbeat.ts'
import { pollCards } from './discovery/poll.ts'
import { followPresence } from './discovery/presence.ts'
import { keepLeases } from './discovery/leases.ts'
import type { Commit } from './discovery/register.ts'
import { followStaticInstances } from './discovery/static.ts'
import { parseAllowList } from './fetch/addresses.ts'
import { openAuthority } from './identity/authority.ts'
import { watchPeers } from './identity/peers.ts'
import { followQuestions } from './identity/questions.ts'
import { runRotations } from './identity/rotation.ts'
import { openControlCredentials } from './identity/server-credentials.ts'
import { SIDECAR_DEFINITION, sidecarHandlers, type SidecarServiceOptions } from './identity/service.ts'
import { SEMANTIC_DEFINITION } from './semantic/service.ts'
import { openMail } from './objectives/mail.ts'
import { watchObjectives } from './objectives/run.ts'
import { startSemantic } from './semantic/start.ts'
import { startProbes, type Probes } from './probes/control-run.ts'
import { keepMemoryOutOfCoreDumps } from './run/core-dumps.ts'
import { openLog } from './run/log.ts'
import { announceProcess } from './run/registry.ts'
import { runUntilStopped } from './run/shutdown.ts'
import { startStatusServer } from './run/status-server.ts'
import { isWildcard } from './run/doors.ts'
import { readTls, trustOf } from './run/tls.ts'
import { ADS_DEFINITION, adsHandlers, startXdsServer } from './xds/ads.ts'
import { startWorld } from './xds/world.ts'

const config = readConfig()
keepMemoryOutOfCoreDumps()
const log = openLog('control', config)
const onError = (error: Error) => log.error({ cause: error.cause instanceof Error ? error.cause.message : undefined }, error.message)

await runUntilStopped(log, async (things) => {
  const controlId = `control-${randomUUID()}`
  const publicName = new URL(config.publicUrl).hostname
  const address = `${isWildcard(config.bind) ? publicName : config.bind}:${config.xdsPort}`
  const tls = readTls(config)
  // A certificate is made out to the public name.
  const otlpGrpc = { host: tls ? publicName : config.bind, port: config.otlpGrpcPort, tls: tls && { rootsPem: trustOf(tls) } }
  const db = things.use(openDb(config.databaseUrl, 'heddle-control', { role: await usableRole(config.databaseUrl, 'heddle_control') }))
  const mesh = MESH_DEFAULT

  const authority = things.use(await openAuthority(db, { mesh, trustDomain: config.trustDomain, secretKey: config.secretKey, svidTtlMs: config.svidTtlMs, onError }))
  const peers = things.use(watchPeers(authority))
  const { credentials } = things.use(await openControlCredentials(authority, onError))

  things.use(runRotations(db, authority, onError))

  const commit: Commit = (change) => commitChange(db, change)
  const leases = things.use(keepLeases(db, onError))
  things.use(followStaticInstances(db, { mesh, commit, onError }))
  const outside = { allow: parseAllowList(config.fetchAllow) }
  things.use(pollCards({ db, mesh, outside, commit, onError }))
  things.use(followPresence(db, mesh, onError))
  things.use(forgetOldRows(db, onError))
  const discovery = receiveHeartbeats({ db, mesh, leases, commit })

  const world = things.use(await startWorld({ db, controlId, address, onError }))
  const ads = adsHandlers({ authenticate: (call) => peers.authenticate(call), untilInvalid: (peer, end) => peers.untilInvalid(peer, end), join: world.join, leave: world.leave, onError })
  const state = () => world.state(mesh)
  const semantic = things.use(startSemantic({ db, mesh, outside, state, embeddings: config.embeddings, authenticate: (call) => peers.authenticate(call), onError }))
  const probes = things.use(startProbes({ db, mesh, outside, state, similarity: semantic.similarity, onError }))
  const mail = openMail(config.mail)
  if (mail) things.use(mail)
  things.use(watchObjectives({ db, mesh, state, outside, mail, publicUrl: config.publicUrl, onError }))
  const questions = things.use(followQuestions(db, mesh, onError))
  const sidecar = sidecarHandlers({ db, authority, peers, otlpGrpc, address, discovery: withProbes(discovery, probes), questions, onError })
  const server = things.use(
    await startXdsServer({
      services: [
        { definition: ADS_DEFINITION, handlers: ads },
        { definition: SIDECAR_DEFINITION, handlers: sidecar },
        { definition: SEMANTIC_DEFINITION, handlers: semantic.handlers },
      ],
      credentials,
      host: config.bind,
      port: config.xdsPort,
    }),
  )

  const status = things.use(await startStatusServer('control', () => (world.isReady() ? null : 'the state of the mesh cannot be read; proxies keep what they have')))
  new Gauge({ name: 'heddle_xds_proxies', help: 'Proxies with a stream to this process', registers: [status.registry], collect() { this.set(world.proxies()) } })
  new Gauge({ name: 'heddle_xds_revision', help: 'The newest revision that this process has compiled', registers: [status.registry], collect() { this.set(world.revision(mesh)) } })
  new Gauge({ name: 'heddle_semantic_dropped_total', help: 'Decisions that the store did not take in time', registers: [status.registry], collect() { this.set(semantic.dropped()) } })
  things.use(announceProcess({ role: 'control', home: config.home, ports: { xds: server.port, status: status.port }, state: 'ready' }))
  log.info({ xds: server.port, status: status.port, controlId }, 'control is ready')
})

/** A heartbeat carries what the sidecar's probes found; the rest of it says nothing new most of the time. */
function withProbes(discovery: ReturnType<typeof receiveHeartbeats>, probes: Probes): SidecarServiceOptions['discovery'] {
  return {
    async heartbeat(peer, { probeResults, ...request }) {
      await discovery.heartbeat(peer, request)
      if (probeResults && probeResults.length > 0) await probes.take(peer, probeResults)
    },
    leave: (peer) => discovery.leave(peer),
    ordersOf: (peer) => probes.ordersOf(peer),
  }
}
