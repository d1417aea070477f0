// Everything that a sidecar needs before it runs: an identity, ports, and what it kept of an earlier life.
import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { MeshError, messageOf } from '../contracts/errors.ts'
import { homePaths } from '../run/home.ts'
import { isAlive } from '../run/process-time.ts'
import { listProcesses } from '../run/registry.ts'
import type { AgentTarget } from './agent-target.ts'
import { readKept, sidecarPaths, SidecarState, writeKept, type HeldIdentity, type SidecarPaths } from './directory.ts'
import type { CertificateFiles } from './certificates.ts'
import type { AuthorityFile, CredentialSource } from './credentials.ts'
import { parseAddress } from './first-contact.ts'
import type { Interception } from './intercept.ts'
import { enrol, readHeldIdentity } from './identity-keeper.ts'
import { choosePorts } from './ports.ts'

export interface SidecarOptions {
  controls: readonly string[]
  /** Null: taken from the directory of an earlier life, or minted. */
  token: string | null
  agent: string
  namespace: string
  version: string
  target: AgentTarget
  proxyId: string
  ports: Partial<SidecarState['ports']>
  zone: string
  /** Null where the agent calls its sidecar by address. */
  transparent: Interception | null
  /** For Gateways on this sidecar. */
  certificates: readonly CertificateFiles[]
  /** For ExternalServices that this sidecar's agent calls. */
  credentials: readonly CredentialSource[]
  authorities: readonly AuthorityFile[]
  home: string
  dir?: string
  envoy: { path: string; version: string }
  /** A new join token through the Heddle of this machine; says so itself. Null on a machine without one. */
  mint: (() => Promise<string>) | null
  log: (sentence: string) => void
}

export interface PreparedSidecar {
  options: SidecarOptions
  paths: SidecarPaths
  state: SidecarState
  identity: HeldIdentity
  save(change: Partial<SidecarState>): void
  enrolAgain: (() => Promise<HeldIdentity>) | undefined
}

export async function prepareSidecar(options: SidecarOptions): Promise<PreparedSidecar> {
  for (const control of options.controls) parseAddress(control)
  refuseTwin(options)
  const paths = sidecarPaths(options.dir ?? join(homePaths(options.home).sidecars, options.proxyId))
  refuseOwnSockets(options, paths)
  const before = readKept(paths.state, SidecarState)
  const held = readHeldIdentity(paths.identity)
  // A restart has the same command line: its token was used up in the life before, and is not needed.
  const usable = before && held && before.agent === options.agent && before.namespace === options.namespace
  const kept = usable ? { state: before, identity: held } : null
  const entered = kept ? await enterAnew(options, paths, kept) : await enter(options, paths, before)
  const running = before?.envoy && isAlive(before.envoy.pid, before.envoy.startedAt)
  const ports = await choosePorts(options.ports, before ? { ...before.ports, held: Boolean(running) } : null, entered.state.address, { directory: join(homePaths(options.home).run, 'ports'), owner: options.proxyId })
  let state: SidecarState = { ...entered.state, controls: mergeControls(options.controls, entered.state.controls), ports }
  const save = (change: Partial<SidecarState>) => {
    state = { ...state, ...change }
    writeKept(paths.state, state)
  }
  save({})
  const { mint } = options
  return {
    options,
    paths,
    get state() {
      return state
    },
    identity: entered.identity,
    save,
    enrolAgain: mint
      ? async () => {
          const again = await enter({ ...options, token: await mint() }, paths, state)
          save({ telemetryToken: again.state.telemetryToken, otlpGrpc: again.state.otlpGrpc, joinToken: again.state.joinToken })
          return again.identity
        }
      : undefined,
  }
}

/** An agent there would be the sidecar itself, or its Envoy's admin interface, for every caller of the mesh. */
function refuseOwnSockets({ target, home }: SidecarOptions, paths: SidecarPaths): void {
  if (!('socket' in target)) return
  const named = existsSync(target.socket) ? realpathSync(target.socket) : resolve(target.socket)
  const own = [paths.socket, paths.cardSocket, paths.adminSocket].map((path) => join(realpathSync(dirname(path)), basename(path)))
  if (own.includes(named) || named.startsWith(`${homePaths(home).sidecars}/`)) throw new MeshError('invalid', `${target.socket} is a sidecar's own socket; name the one that the agent listens on`)
}

/** With another token than the one it came in with, such as after its certificate was revoked; what it has is kept when that lets nobody in. */
async function enterAnew(options: SidecarOptions, paths: SidecarPaths, kept: Entered): Promise<Entered> {
  if (options.token === null || kept.state.joinToken === '' || idOf(options.token) === kept.state.joinToken) return kept
  try {
    return await enter(options, paths, kept.state)
  } catch (error) {
    options.log(`goes on with the identity that it has: ${messageOf(error)}`)
    return kept
  }
}

/** `hdl_join_ID_…`. */
function idOf(joinToken: string): string {
  return joinToken.split('_')[2] ?? ''
}

interface Entered {
  state: SidecarState
  identity: HeldIdentity
}

/** Uses the token up; from here on the directory is enough. */
async function enter(options: SidecarOptions, paths: SidecarPaths, before: SidecarState | null): Promise<Entered> {
  const { agent, namespace, proxyId, version, mint } = options
  const token = options.token ?? (mint ? await mint() : null)
  if (token === null) throw new MeshError('unauthenticated', `${proxyId} has no valid identity yet; make a join token with \`heddle token create --agent ${agent}\` and pass it with --token`)
  const { identity, response, localAddress } = await enrol({ controls: options.controls, token, proxyId, version })
  if (response.agent !== agent || response.namespace !== namespace)
    throw new MeshError('forbidden', `the join token is for ${response.namespace}/${response.agent}, not for ${namespace}/${agent}; it is used up now`)
  const { mesh, telemetryToken, otlpGrpc, controls } = response
  writeKept(paths.identity, identity)
  const ports = before?.ports ?? { inbound: 0, outbound: 0, admin: 0 } // chosen next
  return { identity, state: { proxyId, mesh, namespace, agent, telemetryToken, otlpGrpc, controls, address: localAddress, ports, envoy: before?.envoy ?? null, joinToken: idOf(token) } }
}

/** What the operator named stays: control may know itself by an address that leads nowhere from here. */
export function mergeControls(asked: readonly string[], known: readonly string[]): string[] {
  return [...new Set([...asked, ...known])]
}

/** Two sidecars of one name would fight over ports, sockets and the lease. */
function refuseTwin({ home, proxyId }: SidecarOptions): void {
  const twin = listProcesses(home).find((entry) => entry.role === 'sidecar' && entry.name === proxyId && entry.pid !== process.pid)
  if (twin) throw new MeshError('conflict', `the sidecar ${proxyId} runs already (pid ${twin.pid}); give this one another --name`)
}
