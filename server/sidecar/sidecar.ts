// `heddle sidecar`: the parts of a sidecar, started in order and taken down backwards.
import { readFileSync } from 'node:fs'
import { announceProcess } from '../run/registry.ts'
import { writePrivate } from '../run/home.ts'
import { isAlive } from '../run/process-time.ts'
import { relayAds } from './ads-relay.ts'
import { ALLOW_NOTHING } from '../fetch/addresses.ts'
import type { ProbeTarget } from '../probes/check.ts'
import { answerAsked } from './answer-question.ts'
import { agentReadiness, hostAddresses, type AgentTarget } from './agent-target.ts'
import { writeBootstrap } from './bootstrap.ts'
import { serveCard } from './card-server.ts'
import { watchCertificates } from './certificates.ts'
import { describeMissing, watchBeside } from './credentials.ts'
import { drain } from './drain.ts'
import { envoyAdmin } from './envoy-admin.ts'
import { endLeftover, runEnvoy, type EnvoyProcess } from './envoy-process.ts'
import { relayExtProc } from './ext-proc-relay.ts'
import { startProbing } from '../probes/schedule.ts'
import { startHeartbeat } from './heartbeat.ts'
import { intercept, type Interception } from './intercept.ts'
import { keepIdentity } from './identity-keeper.ts'
import { openKeptConfig } from './kept-config.ts'
import { serveEnvoy } from './local-server.ts'
import { watchAgent } from './observe.ts'
import { relayOtlp } from './otlp-relay.ts'
import type { PreparedSidecar } from './prepare.ts'
import { watchReadiness, type Verdict } from './readiness.ts'
import { serveSecrets } from './sds.ts'

const ADOPTED_READY_MS = 2000

export interface Sidecar {
  /** Resolves when the first heartbeat said that this instance is ready. */
  untilReady(): Promise<void>
}

export async function runSidecar(prepared: PreparedSidecar, things: AsyncDisposableStack): Promise<Sidecar> {
  const { options, paths, save, identity } = prepared
  const { agent, namespace, version, target, proxyId, zone, home, envoy, log } = options
  const { ports, mesh } = prepared.state
  const portsShown = { inbound: ports.inbound, outbound: ports.outbound, ...(ports.admin > 0 && { admin: ports.admin }) }
  const adminAddress = ports.admin > 0 ? { port: ports.admin } : { socket: paths.adminSocket }
  const bootstrap = writeBootstrap({ proxyId, mesh, namespace, agent, version, zone, admin: adminAddress, socket: paths.socket, cardSocket: paths.cardSocket })
  const announced = things.use(announceProcess({ role: 'sidecar', name: proxyId, ports: portsShown, state: 'starting', home }))

  let beatNow = () => {} // until there is a heartbeat
  const certificates = things.use(watchCertificates(options.certificates, { onChange: () => secrets.publish(), log }))
  const beside = things.use(watchBeside(options, { onChange: () => secrets.publish(), log }))
  const secrets = serveSecrets(identity, () => beatNow(), { others: () => [...certificates.secrets, ...beside.secrets], onMissing: (name) => log(describeMissing(name)) })
  const keeper = things.use(
    keepIdentity({
      identity,
      path: paths.identity,
      controls: () => prepared.state.controls,
      enrolAgain: prepared.enrolAgain,
      onChange(held, what) {
        secrets.publish(held)
        // The stream to control proves who this is; it moves to the new certificate before the old one runs out.
        if (what === 'certificate') ads.reconnect()
        if (what === 'certificate') extProc.reconnect()
      },
    }),
  )
  const kept = things.use(openKeptConfig(paths.kept, (error) => log(`cannot keep the configuration: ${error.message}`)))
  const ads = relayAds({ connect: (withinMs) => keeper.link.connect(withinMs), kept, log })
  const extProc = things.use(relayExtProc({ connect: (withinMs) => keeper.link.connect(withinMs) }))
  const otlp = relayOtlp({ door: () => prepared.state.otlpGrpc, token: () => prepared.state.telemetryToken })
  things.use(otlp)
  things.use(await serveEnvoy(paths.socket, { ads, secrets, otlp, extProc }))
  things.use(ads)
  things.use(await serveCard(paths.cardSocket, target, { meshOrigin: `http://${agent}.${namespace}.mesh`, ownHosts: new Set(hostAddresses()) }))

  const admin = envoyAdmin(adminAddress)
  const observed = things.use(watchAgent(target, { intercepted: options.transparent !== null, onCard: () => beatNow(), log }))
  let running: EnvoyProcess | null = null
  const changed = () => {
    beatNow()
    if (readiness.ready) observed.look() // another process may answer there now, with another card
  }
  const readiness = things.use(watchReadiness(async () => bothReady(running ? await admin.readiness() : 'refused', await agentReadiness(target)), changed))
  if (isAdoptable()) {
    running = await startEnvoy()
    await readiness.settle(ADOPTED_READY_MS) // it has been serving all the time: the first heartbeat must not say otherwise
  }
  const probing = things.use(startProbing(probeTarget(target), () => beatNow()))
  const heartbeat = startHeartbeat({
    probing,
    prepared,
    keeper,
    holds: () => secrets.holds,
    observed,
    isReady: () => readiness.ready,
    answer: (asked) => answerAsked(admin.ask, asked),
    onState(state) {
      running?.setReady(state === 'ready')
      announced.update({ state: state === 'stopped' ? 'stopping' : state })
    },
  })
  beatNow = heartbeat.beatNow
  await heartbeat.first // control then knows the ports, and this side the present roots, before Envoy asks

  things.defer(() => heartbeat.leave()) // last, when Envoy and its stream are gone
  running ??= await startEnvoy()
  things.use(running)
  things.defer(() => drain({ heartbeat, admin, log }))
  if (options.transparent) things.use(await takeOver(options.transparent))
  return { untilReady: () => heartbeat.untilReady }

  function isAdoptable(): boolean {
    const left = prepared.state.envoy
    return left !== null && isAlive(left.pid, left.startedAt) && readOrNull(paths.bootstrap) === bootstrap
  }

  async function startEnvoy(): Promise<EnvoyProcess> {
    const left = prepared.state.envoy
    const adopt = isAdoptable() ? left : null
    if (!adopt) await endLeftover(left)
    writePrivate(paths.bootstrap, bootstrap)
    return runEnvoy({ path: envoy.path, bootstrapFile: paths.bootstrap, logs: paths.dir, home, name: proxyId, ports: portsShown, adopt, remember: (mark) => save({ envoy: mark }), log })
  }
}

/** Only root may; for anybody else its rules must be there already. What the agent sends before this moment goes out as it did. */
async function takeOver(interception: Interception): Promise<AsyncDisposable> {
  if (process.getuid?.() === 0) return intercept(interception)
  return { [Symbol.asyncDispose]: async () => {} }
}

/** The agent alone, on loopback or its socket: a probe's path leads nowhere else. */
function probeTarget(target: AgentTarget): ProbeTarget {
  if ('port' in target) return { outside: { allow: { allows: (address, _, port) => address === '127.0.0.1' && port === target.port } }, origin: `http://127.0.0.1:${target.port}` }
  return { outside: { allow: ALLOW_NOTHING, socketPath: target.socket }, origin: 'http://localhost' }
}

function bothReady(envoy: Verdict, agent: Verdict): Verdict {
  return envoy === 'ready' ? agent : envoy
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null // the first life
  }
}
