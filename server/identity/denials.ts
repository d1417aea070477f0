// Anybody may knock at `Enrol`, and the audit is never shortened: what it keeps of refusals is bounded, and says how many it left out.
import { isIPv6 } from 'node:net'

const DENIALS = { windowMs: 60_000, perPeer: 10, peersMax: 1000 }
const MANY = 'many addresses'

export interface Denial {
  actor: string
  target: string
  why: string
}

interface Window {
  written: number
  leftOut: number
}

/** Returns what to call for each refusal, with the peer's address as gRPC says it; it resolves when what is to be written is. `write` must not reject. */
export function boundDenials(write: (denial: Denial) => Promise<void>, windowMs = DENIALS.windowMs): (peer: string, target: string, why: string) => Promise<void> {
  const windows = new Map<string, Window>()
  const open = (from: string): Window => {
    const window = { written: 0, leftOut: 0 }
    windows.set(from, window)
    const end = () => {
      windows.delete(from)
      if (window.leftOut > 0) void write({ actor: `somebody at ${from}`, target: '', why: `${window.leftOut} more refusals within ${windowMs / 1000} s` })
    }
    setTimeout(end, windowMs).unref()
    return window
  }
  return async (peer, target, why) => {
    const address = addressOf(peer)
    const from = windows.has(address) || windows.size < DENIALS.peersMax ? address : MANY
    const window = windows.get(from) ?? open(from)
    if (window.written === DENIALS.perPeer) return void window.leftOut++
    window.written++
    await write({ actor: `somebody at ${from}`, target, why })
  }
}

/** `10.0.0.7:51034` without the port; of IPv6 the network, since a host has as many addresses as it likes. */
function addressOf(peer: string): string {
  const host = peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  if (!isIPv6(host) || host.startsWith('::ffff:')) return host.replace('::ffff:', '')
  return `${host.split(':').slice(0, 4).join(':')}::/64`
}
