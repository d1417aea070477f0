// Transparent interception: the rules that bring an agent's connections to its sidecar, in the network namespace that the two share.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { MeshError, messageOf } from '../contracts/errors.ts'
import { MESH_ADDRESS, type Transparent } from '../contracts/sidecar.ts'

/** The agent has the network namespace for itself, so its sidecar's ports may be the same everywhere. */
export const TRANSPARENT_PORTS = { port: 15_001, dnsPort: 15_053, inbound: 15_006 } as const
/** Of a sidecar that root runs: what it sends is told from what the agent sends by this group. */
export const SIDECAR_GROUP = 15_099

const CHAIN = { out: 'HEDDLE_OUTPUT', in: 'HEDDLE_PREROUTING' } as const
/** The last label of a name, and the end of the name, as a question has them (RFC 1035, 3.1). */
const MESH_LABEL = '|046d65736800|'

export interface Interception {
  transparent: Transparent
  inboundPort: number
  agentPort: number
  /** Whose traffic is the sidecar's own, and left alone. */
  owner: { uid: number } | { gid: number }
}

/** A shell script that may be run again at any time. Nothing but the questions for names of the mesh is taken from an agent's DNS. */
export function interceptScript({ transparent, inboundPort, agentPort, owner }: Interception): string {
  const whose = 'uid' in owner ? `--uid-owner ${owner.uid}` : `--gid-owner ${owner.gid}`
  const toSidecar = `-j REDIRECT --to-ports ${transparent.port}`
  return `set -e
iptables-restore --wait --noflush <<'RULES'
*nat
:${CHAIN.out} - [0:0]
:${CHAIN.in} - [0:0]
# what the sidecar itself sends
-A ${CHAIN.out} -m owner ${whose} -j RETURN
# names of the mesh lead to ${MESH_ADDRESS}, and from there to the sidecar
-A ${CHAIN.out} -p udp --dport 53 -m string --icase --algo bm --hex-string "${MESH_LABEL}" -j REDIRECT --to-ports ${transparent.dnsPort}
-A ${CHAIN.out} -p tcp -d ${MESH_ADDRESS}/32 ${toSidecar}
# what stays within this host
-A ${CHAIN.out} -d 127.0.0.0/8 -j RETURN
-A ${CHAIN.out} -p tcp ${toSidecar}
# nobody reaches the agent but through its sidecar
-A ${CHAIN.in} -p tcp --dport ${agentPort} -j REDIRECT --to-ports ${inboundPort}
COMMIT
RULES
${jump('OUTPUT', CHAIN.out)}
${jump('PREROUTING', CHAIN.in)}
`
}

/** Undoes it, also when only a part of it is there. */
export function releaseScript(): string {
  return Object.entries({ OUTPUT: CHAIN.out, PREROUTING: CHAIN.in })
    .flatMap(([from, chain]) => [`iptables -w -t nat -D ${from} -j ${chain}`, `iptables -w -t nat -F ${chain}`, `iptables -w -t nat -X ${chain}`])
    .map((command) => `${command} 2>/dev/null || true\n`)
    .join('')
}

function jump(from: string, chain: string): string {
  return `iptables -w -t nat -C ${from} -j ${chain} 2>/dev/null || iptables -w -t nat -I ${from} 1 -j ${chain}`
}

/** Puts the rules there; they go when this is disposed. Throws `unavailable` with iptables' own words. */
export async function intercept(interception: Interception): Promise<AsyncDisposable> {
  await runScript(interceptScript(interception))
  return { [Symbol.asyncDispose]: () => runScript(releaseScript()) }
}

async function runScript(script: string): Promise<void> {
  try {
    await promisify(execFile)('/bin/sh', ['-c', script], { timeout: 15_000 })
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : ''
    throw new MeshError('unavailable', `the agent's traffic cannot be intercepted: ${said || messageOf(error)}`, { cause: error })
  }
}
