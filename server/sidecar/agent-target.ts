// The process behind the sidecar, on a loopback port or a Unix socket.
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { connect, type NetConnectOpts } from 'node:net'
import { networkInterfaces } from 'node:os'
import { CARD_PATHS } from '../contracts/card-paths.ts'
import { messageOf } from '../contracts/errors.ts'
import type { Verdict } from './readiness.ts'

export type AgentTarget = { port: number } | { socket: string }

const CONNECT_MS = 1000
export const CARD_BYTES_MAX = 262_144
const CARD_MS = 5000

/** Whether something takes connections there. */
function knock(where: NetConnectOpts): Promise<Verdict> {
  return new Promise((resolve) => {
    const socket = connect({ ...where, timeout: CONNECT_MS })
    const end = (verdict: Verdict) => {
      socket.destroy()
      resolve(verdict)
    }
    socket.once('connect', () => end('ready'))
    // A Unix socket whose queue is full says so at once; a port is silent then.
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'EAGAIN' ? 'silent' : 'refused'))
    socket.once('timeout', () => end('silent'))
  })
}

export function agentReadiness(target: AgentTarget): Promise<Verdict> {
  return knock('port' in target ? { host: '127.0.0.1', port: target.port } : { path: target.socket })
}

/** Addresses of this host other than loopback. */
export function hostAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).filter((entry) => !entry.internal && !entry.address.startsWith('fe80:')).map((entry) => entry.address))
}

/** A sentence for each way around the mesh: the agent's own port, answering where its sidecar should. */
export async function findExposure(target: AgentTarget, addresses: readonly string[] = hostAddresses()): Promise<string[]> {
  if ('socket' in target) return []
  const open: string[] = []
  for (const host of addresses) if ((await knock({ host, port: target.port })) === 'ready') open.push(host)
  if (open.length === 0) return []
  return [`the agent's port ${target.port} answers beyond loopback (${open.slice(0, 4).join(', ')}): calls can go around the mesh; let it listen on 127.0.0.1 alone`]
}

/** One request to the agent, its answer in whole. Rejects when it does not answer in time or answers more than `bytesMax`. */
export function askAgent(target: AgentTarget, options: { path: string; method?: string; headers?: OutgoingHttpHeaders; bytesMax: number }): Promise<{ response: IncomingMessage; body: Buffer }> {
  const { path, method = 'GET', headers = {}, bytesMax } = options
  const where = 'port' in target ? { host: '127.0.0.1', port: target.port } : { socketPath: target.socket }
  return new Promise((resolve, reject) => {
    const call = httpRequest({ ...where, path, method, headers, signal: AbortSignal.timeout(CARD_MS) }, (response) => {
      const parts: Buffer[] = []
      let length = 0
      response.on('data', (part: Buffer) => {
        length += part.length
        if (length > bytesMax) call.destroy(new Error(`the answer is larger than ${bytesMax} bytes`))
        else parts.push(part)
      })
      response.once('end', () => resolve({ response, body: Buffer.concat(parts) }))
      response.once('error', reject)
    })
    call.once('error', reject)
    call.end()
  })
}

/** The agent's card as it serves it; null when it serves none. Says what is wrong with one that cannot be read. */
export async function readCard(target: AgentTarget): Promise<{ card: unknown; warning: string | null }> {
  for (const path of CARD_PATHS) {
    try {
      const { response, body } = await askAgent(target, { path, headers: { host: 'localhost', accept: 'application/json' }, bytesMax: CARD_BYTES_MAX })
      if (response.statusCode !== 200) continue
      const card: unknown = JSON.parse(body.toString('utf8'))
      if (typeof card === 'object' && card !== null && !Array.isArray(card)) return { card, warning: null }
    } catch (error) {
      return { card: null, warning: `the agent's card at ${path} cannot be read: ${messageOf(error)}`.slice(0, 512) }
    }
  }
  return { card: null, warning: null }
}
