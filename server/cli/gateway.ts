import { createServer } from 'node:http'
import { isIP, type AddressInfo } from 'node:net'
import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { MeshError } from '../contracts/errors.ts'
import { DnsLabel, MESH_DEFAULT, NAMESPACE_DEFAULT } from '../contracts/ids.ts'
import { GATEWAY_API, HEDDLE_API } from '../contracts/meta.ts'
import type { ObjectRef } from '../contracts/object.ts'
import { keepMemoryOutOfCoreDumps } from '../run/core-dumps.ts'
import { openLog } from '../run/log.ts'
import { runUntilStopped } from '../run/shutdown.ts'
import { prepareSidecar } from '../sidecar/prepare.ts'
import { runSidecar } from '../sidecar/sidecar.ts'
import { readCertificates } from './certificates.ts'
import { openApi, type Api } from './client.ts'
import { readCurrent, writeObject } from './object-api.ts'
import { collect, readOptions, type SidecarFlags } from './sidecar.ts'

/** There is one program of a gateway: the sidecar's. */
const VERSION = 'v1'

interface Flags extends Omit<SidecarFlags, 'agent' | 'version'> {
  http?: string
  https?: string
  hostname?: string
  to?: string
}

export function register(program: Command): void {
  program
    .command('gateway <name>')
    .description('take calls from outside the mesh, with TLS and host names')
    .option('--https <[address:]port>', 'where it takes TLS; loopback when no address is named')
    .option('--http <[address:]port>', 'where it takes plain HTTP')
    .option('--certificate <name=cert,key>', 'what it shows, from PEM files that are read again when they change; once each', collect)
    .option('--hostname <name>', 'the host it is for, such as shop.example.com or *.example.com; any when left out')
    .option('--to <agent>', 'where its calls go until routes with this Gateway as parent say more')
    .option('--namespace <name>', 'of the Gateway and its agent', NAMESPACE_DEFAULT)
    .option('--control <host:port,…>', 'control processes; the Heddle of this machine when left out')
    .option('--token <join>', 'join token of `heddle token create --agent NAME`; minted through the home on the same machine')
    .option('--name <id>', 'of this proxy, where several serve one Gateway')
    .option('--dir <directory>', 'where it keeps key, identity and configuration; in the home when left out')
    .addHelpText('after', '\nExample:\n  heddle gateway edge --https 0.0.0.0:443 --certificate shop=shop.pem,shop.key --hostname shop.example.com --to shop\n')
    .action(async (name: string, flags: Flags) => {
      const config = readConfig()
      const wanted = describeDoor(name, flags)
      keepMemoryOutOfCoreDumps() // and that of Envoy, which it starts
      const log = openLog('sidecar', config, { agent: name })
      if (wanted.length > 0) await writeDoor(openApi(config), wanted)
      await runUntilStopped(log, async (things) => {
        const behind = things.use(await answerNobody(name))
        const sidecar: SidecarFlags = { ...flags, agent: name, version: VERSION, port: String(behind.port), base: `gateway-${name}${flags.namespace === NAMESPACE_DEFAULT ? '' : `-${flags.namespace}`}` }
        const prepared = await prepareSidecar(await readOptions(sidecar, config, (sentence) => log.info(sentence)))
        const running = await runSidecar(prepared, things)
        void running.untilReady().then(() => console.log(`Ready: the gateway ${name} is in the mesh as ${prepared.options.proxyId}${[flags.https, flags.http].filter(Boolean).map((where) => `, on ${where}`).join('')}`))
      })
    })
}

interface Wanted {
  ref: ObjectRef
  body: Record<string, unknown>
  /** What is there already stays as it is. */
  onlyIfMissing: boolean
}

/** The objects that the flags ask for; none where they name no door, for then the Gateway is there already. Throws `invalid`. */
export function describeDoor(name: string, { namespace, hostname, to, certificate, ...flags }: Pick<Flags, 'namespace' | 'http' | 'https' | 'hostname' | 'to' | 'certificate'>): Wanted[] {
  if (!DnsLabel.safeParse(name).success) throw new MeshError('invalid', `a gateway's name is small letters, digits and hyphens, not “${name}”`)
  const certificates = readCertificates(certificate).map((one) => ({ name: one.name }))
  const doors = [flags.https === undefined ? null : { ...parseDoor('--https', flags.https), name: 'https', protocol: 'HTTPS' }, flags.http === undefined ? null : { ...parseDoor('--http', flags.http), name: 'http', protocol: 'HTTP' }].filter((door) => door !== null)
  if (doors.length === 0) {
    if (to !== undefined || hostname !== undefined) throw new MeshError('invalid', '--to and --hostname need --https or --http: they say what the door is for')
    return []
  }
  if (flags.https !== undefined && certificates.length === 0) throw new MeshError('invalid', '--https needs --certificate NAME=CERT,KEY')
  const [address, other] = new Set(doors.map((door) => door.address))
  if (other !== undefined) throw new MeshError('invalid', `--https and --http name two addresses, ${address} and ${other}; a Gateway has one`)
  const listeners = doors.map(({ name: listener, port, protocol }) => ({ name: listener, port, protocol, ...(hostname ? { hostname } : {}), ...(protocol === 'HTTPS' ? { tls: { certificateRefs: certificates } } : {}) }))
  const object = (kind: 'Agent' | 'Gateway' | 'HTTPRoute', spec: Record<string, unknown>, onlyIfMissing: boolean): Wanted => ({
    ref: { kind, namespace, name },
    body: { apiVersion: kind === 'Agent' ? HEDDLE_API : GATEWAY_API, kind, metadata: { name, namespace }, spec },
    onlyIfMissing,
  })
  return [
    object('Agent', {}, true),
    object('Gateway', { addresses: [{ value: address }], listeners, infrastructure: { parametersRef: { group: 'heddle.dev', kind: 'Agent', name } } }, false),
    ...(to === undefined ? [] : [object('HTTPRoute', { parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name }], rules: [{ backendRefs: [{ name: to }] }] }, true)]),
  ]
}

function parseDoor(flag: string, text: string): { address: string; port: number } {
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]+)\]:|([^:]+):)?(\d{1,5})$/.exec(text) ?? []
  const address = bracketed ?? plain ?? '127.0.0.1'
  const port = Number(digits)
  if (isIP(address) === 0 || port < 1 || port > 65535) throw new MeshError('invalid', `${flag} is “${text}”; it takes PORT, ADDRESS:PORT or [ADDRESS]:PORT, with an IP address of this machine`)
  return { address, port }
}

/** Before anything starts: what the API refuses ends the command. */
async function writeDoor(api: Api, wanted: readonly Wanted[]): Promise<void> {
  for (const { ref, body, onlyIfMissing } of wanted) {
    const current = await readCurrent(api, MESH_DEFAULT, ref)
    if (current && onlyIfMissing) continue
    const { did } = await writeObject(api, MESH_DEFAULT, ref, body, { current, reason: 'heddle gateway' })
    console.log(`${ref.kind} ${ref.namespace}/${ref.name} ${did}`)
  }
}

/** Behind a sidecar there is an agent; behind a gateway there is nobody, who says so. */
async function answerNobody(name: string): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer((_, response) => response.writeHead(404, { 'content-type': 'text/plain' }).end(`${name} is a gateway: nothing is behind it\n`))
  await new Promise<void>((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo // a TCP server's address is never a string
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
