import { createServer, type AddressInfo } from 'node:net'
import type { SidecarState } from './directory.ts'

type Ports = SidecarState['ports']

/** Of the life before. `held`: the Envoy of that life still listens there, and keeps them. */
export type KeptPorts = Ports & { held: boolean }

/** Ports as asked for, else as kept from the life before, else free ones; a kept one that something else took meanwhile is replaced. */
export async function choosePorts(asked: Partial<Ports>, kept: KeptPorts | null, address: string): Promise<Ports> {
  const taken = new Set<number>()
  const choose = async (name: keyof Ports, host: string): Promise<number> => {
    const port = asked[name] ?? (kept?.held ? kept[name] : await keptOrFree(kept?.[name], host, taken))
    taken.add(port)
    return port
  }
  return { inbound: await choose('inbound', address), outbound: await choose('outbound', '127.0.0.1'), admin: await choose('admin', '127.0.0.1') }
}

async function keptOrFree(kept: number | undefined, host: string, taken: ReadonlySet<number>): Promise<number> {
  if (kept !== undefined && !taken.has(kept) && (await listenOn(kept, host)) !== null) return kept
  for (;;) {
    const port = await listenOn(0, host)
    if (port !== null && !taken.has(port)) return port
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
