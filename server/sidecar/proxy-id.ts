import { randomBytes } from 'node:crypto'
import { isLoopback } from '../run/doors.ts'
import { readKept, sidecarPaths, SidecarState } from './directory.ts'
import { parseAddress } from './first-contact.ts'

export interface ProxyIdOptions {
  /** Tells it from the others of this machine: agent, version and port. */
  base: string
  agent: string
  namespace: string
  /** Where it keeps what it knows between its lives. */
  dir: string
  controls: readonly string[]
}

/**
 * The name of a proxy that was given none: the one of its earlier life, else `base`. A control on another machine has proxies of many
 * machines, where agent, version and port are the same as likely as not; the name then ends in chance.
 */
export function chooseProxyId({ base, agent, namespace, dir, controls }: ProxyIdOptions): string {
  const before = readKept(sidecarPaths(dir).state, SidecarState)
  if (before?.agent === agent && before.namespace === namespace) return before.proxyId
  return controls.every((control) => isLoopback(parseAddress(control).host)) ? base : `${base}-${randomBytes(4).toString('hex')}`
}
