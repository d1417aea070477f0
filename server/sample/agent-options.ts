import { parseArgs } from 'node:util'
import { FLEET, type Role } from './fleet.ts'

/** How one agent process is started; all of it comes from the command line. */
export interface AgentOptions {
  name: Role
  version: string
  instance: string
  /** Where it listens: a Unix socket, or a loopback port. */
  listen: { socket: string } | { port: number }
  /** Its sidecar's outbound listener, `http://127.0.0.1:N`. */
  outbound: string
  /** The identity that its own sidecar has; requests that do not carry it are refused. */
  spiffeId: string
}

const USAGE =
  'node server/sample/agent.ts --role agent --name NAME --version V (--socket PATH | --port N) --outbound URL --spiffe-id ID [--instance NAME]'

/** Parses the arguments of an agent process; throws a sentence with the usage. */
export function parseAgentOptions(args: string[]): AgentOptions {
  const { values } = parseArgs({
    args,
    options: {
      // Every process of Heddle says its role as an argument, so that `ps` and `heddle status` can tell them apart.
      role: { type: 'string', default: 'agent' },
      name: { type: 'string' },
      version: { type: 'string', default: 'v1' },
      instance: { type: 'string' },
      socket: { type: 'string' },
      port: { type: 'string' },
      outbound: { type: 'string' },
      'spiffe-id': { type: 'string' },
    },
  })
  const member = FLEET.find((candidate) => candidate.role === values.name)
  if (!member) throw new Error(`--name is “${values.name ?? ''}”; it takes one of ${FLEET.map(({ role }) => role).join(', ')}\n${USAGE}`)
  if (!values.outbound || !values['spiffe-id']) throw new Error(`--outbound and --spiffe-id are needed\n${USAGE}`)
  return {
    name: member.role,
    version: values.version,
    instance: values.instance ?? `${member.role}-${values.version}`,
    listen: parseListen(values.socket, values.port),
    outbound: values.outbound,
    spiffeId: values['spiffe-id'],
  }
}

function parseListen(socket: string | undefined, port: string | undefined): AgentOptions['listen'] {
  if (socket !== undefined) return { socket }
  const number = Number(port)
  if (!Number.isInteger(number) || number < 1 || number > 65_535) throw new Error(`--socket or --port is needed\n${USAGE}`)
  return { port: number }
}
