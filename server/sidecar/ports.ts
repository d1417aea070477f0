import { randomInt } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { SidecarState } from './directory.ts'

type Ports = SidecarState['ports']

/** Of the life before. `held`: the Envoy of that life still listens there, and keeps them. */
export type KeptPorts = Ports & { held: boolean }

/** Where the sidecars of a home say which ports they are about to use, and who says it. */
export interface Claims {
  directory: string
  owner: string
}

/** Below the range that the kernel gives to outgoing connections: none of those takes a port between our look and Envoy's. */
const RANGE = { first: 15_000, end: 32_000 }
/** How long a claim speaks for its port; by then Envoy listens there, or never will. */
const CLAIM_MS = 60_000

/** Of Envoy's admin interface only as asked for; it has a socket. The others as asked for, else as kept from the life before, else free ones; a kept one that something else took meanwhile is replaced. */
export async function choosePorts(asked: Partial<Ports>, kept: KeptPorts | null, address: string, claims: Claims): Promise<Ports> {
  const taken = new Set<number>()
  const choose = async (name: keyof Ports, host: string): Promise<number> => {
    const port = asked[name] ?? (kept?.held ? kept[name] : await keptOrFree(kept?.[name], host, taken, claims))
    taken.add(port)
    return port
  }
  return { inbound: await choose('inbound', address), outbound: await choose('outbound', '127.0.0.1'), admin: asked.admin ?? 0 }
}

async function keptOrFree(kept: number | undefined, host: string, taken: ReadonlySet<number>, claims: Claims): Promise<number> {
  const usable = async (port: number) => !taken.has(port) && (await listenOn(port, host)) !== null && claim(claims, port)
  if (kept && (await usable(kept))) return kept
  for (;;) {
    const port = randomInt(RANGE.first, RANGE.end)
    if (await usable(port)) return port
  }
}

/** True for one alone of the sidecars that start at this moment and found the same port free. */
function claim({ directory, owner }: Claims, port: number): boolean {
  const path = join(directory, String(port))
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  try {
    if (readFileSync(path, 'utf8') === owner) return true
    if (Date.now() - statSync(path).mtimeMs > CLAIM_MS) rmSync(path)
  } catch {
    // nobody claims it
  }
  try {
    writeFileSync(path, owner, { flag: 'wx', mode: 0o600 })
    return true
  } catch {
    return false // another was quicker
  }
}

/** The port, free a moment ago; null when something listens there. */
function listenOn(port: number, host: string): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen({ port, host, exclusive: true }, () => {
      const { port: got } = server.address() as AddressInfo // a TCP server's address is never a string
      server.close(() => resolve(got))
    })
  })
}
