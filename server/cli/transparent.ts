// What `heddle sidecar --transparent` and `--print-iptables` make of their flags.
import { MeshError } from '../contracts/errors.ts'
import type { AgentTarget } from '../sidecar/agent-target.ts'
import { SIDECAR_GROUP, TRANSPARENT_PORTS, type Interception } from '../sidecar/intercept.ts'
import { optionalPort } from './ports.ts'

const UID_MAX = 4_294_967_294

export interface InterceptionFlags {
  inboundPort?: string
  proxyUid?: string
  printIptables?: boolean
}

/** Throws `invalid` for an agent on a Unix socket, and for a user who is not the one that runs here. */
export function readInterception({ inboundPort, proxyUid, printIptables }: InterceptionFlags, target: AgentTarget): Interception {
  if (proxyUid !== undefined && !printIptables) throw new MeshError('invalid', '--proxy-uid goes with --print-iptables; a sidecar that runs knows who runs it')
  if (!('port' in target)) throw new MeshError('invalid', 'transparent interception is for an agent that listens on a port; leave --socket out')
  return {
    transparent: { port: TRANSPARENT_PORTS.port, dnsPort: TRANSPARENT_PORTS.dnsPort },
    inboundPort: optionalPort('--inbound-port', inboundPort) ?? TRANSPARENT_PORTS.inbound,
    agentPort: target.port,
    owner: readOwner(proxyUid),
  }
}

function readOwner(proxyUid: string | undefined): Interception['owner'] {
  const own = process.getuid?.() ?? 0
  const uid = proxyUid === undefined ? own : Number(proxyUid)
  if (!Number.isInteger(uid) || uid < 0 || uid > UID_MAX || proxyUid === '') throw new MeshError('invalid', `--proxy-uid is “${proxyUid}”; it takes the number of a user`)
  return uid === 0 ? { gid: SIDECAR_GROUP } : { uid } // root may run the agent too: its sidecar then has a group of its own
}

/** Before anything is started, which then belongs to the same owner. */
export function setOwner({ owner }: Interception, log: (sentence: string) => void): void {
  if ('gid' in owner) process.setgid?.(owner.gid)
  else log('only root may change the rules of this network namespace: those of --print-iptables must be there already')
}
