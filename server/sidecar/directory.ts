// What a sidecar keeps between its lives: a restart needs no token, and no control to serve from.
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { MeshError } from '../contracts/errors.ts'
import { Identity, OtlpDoor } from '../contracts/sidecar.ts'
import { writePrivate } from '../run/home.ts'

/** sun_path of Linux is 108 bytes with its closing zero. */
const SOCKET_PATH_MAX = 107

export interface SidecarPaths {
  dir: string
  identity: string
  state: string
  kept: string
  bootstrap: string
  /** gRPC of this sidecar: ADS, SDS and OTLP. */
  socket: string
  /** HTTP/1.1 of this sidecar: the agent's card. */
  cardSocket: string
  /** Envoy's admin interface. No route, agent or tunnel leads to a socket, so none leads there. */
  adminSocket: string
}

export function sidecarPaths(dir: string): SidecarPaths {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const sockets = socketDirectory(dir)
  const file = (name: string) => join(dir, name)
  return {
    dir,
    identity: file('identity.json'),
    state: file('state.json'),
    kept: file('kept.bin'),
    bootstrap: file('envoy.json'),
    socket: join(sockets, 'sidecar.sock'),
    cardSocket: join(sockets, 'card.sock'),
    adminSocket: join(sockets, 'admin.sock'),
  }
}

/** The identity with its key, in one file, so that the two can never be of different renewals. */
export const HeldIdentity = Identity.extend({
  keyPem: z.string(),
  /** By this host's clock: its life is counted from here, because `notBefore` is back-dated. Milliseconds. */
  heldSince: z.number(),
})
export type HeldIdentity = z.infer<typeof HeldIdentity>

export const SidecarState = z.object({
  proxyId: z.string(),
  mesh: z.string(),
  namespace: z.string(),
  agent: z.string(),
  telemetryToken: z.string(),
  otlpGrpc: OtlpDoor,
  controls: z.array(z.string()).min(1),
  /** Where peers reach the inbound listener. */
  address: z.string(),
  /** `admin` is 0 unless a port was asked for. */
  ports: z.object({ inbound: z.number().int(), outbound: z.number().int(), admin: z.number().int() }),
  /** Id of the join token that it came in with last. */
  joinToken: z.string().default(''),
  /** The Envoy that was started last, so that a leftover of a killed sidecar is found. */
  envoy: z.object({ pid: z.number().int(), startedAt: z.string() }).nullable().default(null),
})
export type SidecarState = z.infer<typeof SidecarState>

/** Null where there is none, or where it cannot be read as one: the sidecar then enrols anew. */
export function readKept<S extends z.ZodType>(path: string, schema: S): z.infer<S> | null {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return null
  }
}

export function writeKept(path: string, value: unknown): void {
  writePrivate(path, JSON.stringify(value))
}

/** A socket's path is short by law of the kernel; a deep home has its sockets in the temporary directory. */
function socketDirectory(dir: string): string {
  if (Buffer.byteLength(join(dir, 'sidecar.sock')) <= SOCKET_PATH_MAX) return dir
  const short = join(tmpdir(), `heddle-${process.getuid?.() ?? 0}-${createHash('sha256').update(dir).digest('hex').slice(0, 16)}`)
  mkdirSync(short, { recursive: true, mode: 0o700 })
  const found = lstatSync(short)
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0)
    throw new MeshError('forbidden', `${short} belongs to somebody else; a sidecar's sockets cannot lie there`)
  return short
}
