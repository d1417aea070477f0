// Network namespaces on one bridge, as machines that share a wire. What runs in one is an ordinary process of this host.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Machine {
  address: string
  /** In front of a command line that is to run there. */
  prefix: string[]
  /** Runs a script of Node's there to its end, and answers what it printed. */
  node(script: string, env?: Record<string, string>): Promise<string>
  start(command: string, args: string[], env?: NodeJS.ProcessEnv): ChildProcess
  /** The rules of its `nat` table. */
  rules(): Promise<string>
}

export interface Wire extends AsyncDisposable {
  /** Of this host, on the same wire. */
  address: string
  machine(name: string): Promise<Machine>
}

/** Needs root, iproute2 and iptables; says what is missing. Addresses are of 198.18.0.0/15, which is for tests (RFC 2544). */
export async function layWire(): Promise<Wire> {
  if (process.getuid?.() !== 0) throw new Error('network namespaces need root: run this test as root')
  needTool('ip', 'iproute2')
  needTool('iptables', 'iptables')
  const tag = (process.pid % 1_000_000).toString(36)
  const subnet = `198.18.${process.pid % 256}`
  const things = new AsyncDisposableStack()
  const ip = (line: string) => run('ip', line.split(' '))
  const bridge = `hdl${tag}`
  await ip(`link add ${bridge} type bridge`)
  things.defer(async () => void (await ip(`link del ${bridge}`)))
  await ip(`addr add ${subnet}.1/24 dev ${bridge}`)
  await ip(`link set ${bridge} up`)
  let count = 1
  return {
    address: `${subnet}.1`,
    async machine(name) {
      const space = `hdl-${tag}-${name}`
      const number = ++count
      const [here, there] = [`h${tag}${number}`, `t${tag}${number}`]
      await ip(`netns add ${space}`)
      things.defer(async () => void (await ip(`netns del ${space}`)))
      await ip(`link add ${here} type veth peer name ${there} netns ${space}`)
      await ip(`link set ${here} master ${bridge} up`)
      await ip(`-n ${space} link set lo up`)
      await ip(`-n ${space} addr add ${subnet}.${number}/24 dev ${there}`)
      await ip(`-n ${space} link set ${there} up`)
      await ip(`-n ${space} route add default via ${subnet}.1`)
      const prefix = ['ip', 'netns', 'exec', space]
      return {
        address: `${subnet}.${number}`,
        prefix,
        node: async (script, env = {}) => (await run('ip', [...prefix.slice(1), process.execPath, '--input-type=module', '-e', script], { env: { ...process.env, ...env }, timeout: 30_000 })).stdout,
        start: (command, args, env = process.env) => spawn('ip', [...prefix.slice(1), command, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true }),
        rules: async () => (await run('ip', [...prefix.slice(1), 'iptables-save', '-t', 'nat'])).stdout,
      }
    },
    [Symbol.asyncDispose]: () => things.disposeAsync(),
  }
}

function needTool(tool: string, from: string): void {
  try {
    execFileSync(tool, ['-V'], { stdio: 'ignore' })
  } catch {
    throw new Error(`this test needs the command ${tool}: install ${from}`)
  }
}
