import type { IncomingMessage } from 'node:http'
import { DnsLabel, MESH_DEFAULT } from '#server/contracts/ids.ts'
import { MeshError } from '#server/contracts/errors.ts'
import type { ApiOptions } from './context.ts'
import { allowedHosts, sameOrigin } from './guard.ts'
import { failureLimiter } from '#server/auth/limiter.ts'
import { findCaller, findCallerSlowly } from './identify.ts'

const guesses = failureLimiter({ max: 20, windowMs: 60_000 })

export interface Admitted {
  id: string
  mesh: string
  stillAllowed: () => Promise<boolean>
}

/** The same questions that a route asks, for a WebSocket: name of the host, page it came from, who it is. Throws the refusal. */
export async function admitUpgrade(request: IncomingMessage, options: ApiOptions): Promise<Admitted> {
  const headers = headersOf(request)
  const hosts = allowedHosts(options.config)
  if (!hosts.has((headers.get('host') ?? '').toLowerCase())) throw new MeshError('forbidden', 'this server does not answer to that name')
  if (!sameOrigin(headers, hosts)) throw new MeshError('forbidden', 'this connection came from a page of another site')
  const caller = await findCallerSlowly(headers, options, { limiter: guesses, peer: request.socket.remoteAddress ?? 'unknown' })
  if (!caller) throw new MeshError('unauthenticated', 'sign in first')
  const mesh = new URL(request.url ?? '/', 'http://any').searchParams.get('mesh') ?? MESH_DEFAULT
  const known = DnsLabel.safeParse(mesh).success && (await options.db.prisma.mesh.findUnique({ where: { name: mesh }, select: { name: true } }))
  if (!known) throw new MeshError('not_found', 'there is no such mesh')
  return { id: caller.id, mesh, stillAllowed: () => stillTheSame(headers, options, caller.id) }
}

async function stillTheSame(headers: Headers, options: ApiOptions, id: string): Promise<boolean> {
  try {
    return (await findCaller(headers, options))?.id === id
  } catch (error) {
    if (error instanceof MeshError && error.code === 'unauthenticated') return false
    throw error
  }
}

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === 'string') headers.set(name, value)
  return headers
}
