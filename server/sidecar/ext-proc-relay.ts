// Envoy's questions to the semantic service, passed on byte for byte over one connection to control. While no control answers each is
// refused at once: the call then takes its fallback.
import { Metadata, status, type Client, type ServerDuplexStream } from '@grpc/grpc-js'

export const EXT_PROC_PATH = '/envoy.service.ext_proc.v3.ExternalProcessor/Process'
const REACH_MS = 200
/** After a control could not be reached, how long nobody asks again. */
const PAUSE_MS = 1000
/** Questions under way; the calls behind them hold up to 1 MiB each. */
const OPEN_MAX = 64

type Local = ServerDuplexStream<Buffer, Buffer>
const bytes = (message: Buffer) => message

export interface ExtProcRelay extends Disposable {
  readonly handler: (local: Local) => void
  /** Over the present identity, from the next question on. */
  reconnect(): void
}

export function relayExtProc({ connect }: { connect: (withinMs: number) => Promise<Client | null> }): ExtProcRelay {
  let link: Promise<Client | null> | null = null
  let notBefore = 0
  let open = 0
  const drop = (failed?: Promise<Client | null> | null) => {
    const old = link
    if (failed !== undefined && failed !== old) return
    link = null
    void old?.then((client) => client?.close(), () => {})
  }
  const reach = (): Promise<Client | null> => {
    if (link) return link
    if (Date.now() < notBefore) return Promise.resolve(null)
    const next = connect(REACH_MS).then((client) => {
      if (client) return client
      notBefore = Date.now() + PAUSE_MS
      if (link === next) link = null
      return null
    })
    return (link = next)
  }

  const handler = (local: Local) => {
    if (open >= OPEN_MAX) return refuse(local, 'too many questions are under way')
    open++
    let over = false
    const end = () => {
      if (!over) open--
      over = true
    }
    for (const event of ['cancelled', 'close', 'error']) local.on(event, end)
    local.pause() // what Envoy says meanwhile waits in its own buffer
    const through = reach()
    void through.then((client) => {
      if (over) return
      if (!client) return refuse(local, 'no control can be reached')
      passOn(local, client, () => drop(through))
      local.resume()
    })
  }
  return { handler, reconnect: () => drop(), [Symbol.dispose]: () => drop() }
}

function passOn(local: Local, client: Client, onLost: () => void): void {
  const upstream = client.makeBidiStreamRequest(EXT_PROC_PATH, bytes, bytes, new Metadata())
  local.on('data', (message: Buffer) => upstream.write(message))
  local.on('end', () => upstream.end())
  for (const event of ['cancelled', 'error']) local.on(event, () => upstream.cancel())
  upstream.on('data', (message: Buffer) => local.write(message))
  upstream.on('end', () => local.end())
  upstream.on('error', (error: Error & { code?: status }) => {
    if (error.code === status.UNAVAILABLE) onLost()
    refuse(local, 'the semantic service went away')
  })
}

function refuse(local: Local, why: string): void {
  if (local.cancelled || local.writableEnded || local.destroyed) return
  local.emit('error', { name: 'Error', message: why, code: status.UNAVAILABLE, details: why })
}
