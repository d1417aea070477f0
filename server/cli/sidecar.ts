import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Command } from 'commander'
import { readConfig, type Config } from '../config.ts'
import { MeshError } from '../contracts/errors.ts'
import { DnsLabel, NAMESPACE_DEFAULT, VersionName } from '../contracts/ids.ts'
import { keepMemoryOutOfCoreDumps } from '../run/core-dumps.ts'
import { findEnvoy } from '../run/envoy.ts'
import { homePaths, readPrivate } from '../run/home.ts'
import { openLog } from '../run/log.ts'
import { runUntilStopped } from '../run/shutdown.ts'
import { interceptScript } from '../sidecar/intercept.ts'
import { prepareSidecar, type SidecarOptions } from '../sidecar/prepare.ts'
import { chooseProxyId } from '../sidecar/proxy-id.ts'
import { runSidecar } from '../sidecar/sidecar.ts'
import { readAuthorities, readCredentials } from './beside.ts'
import { readCertificates } from './certificates.ts'
import { optionalPort } from './ports.ts'
import { openApi } from './client.ts'
import { readInterception, setOwner } from './transparent.ts'

export interface SidecarFlags {
  control?: string
  token?: string
  agent: string
  namespace: string
  version: string
  port?: string
  socket?: string
  outboundPort?: string
  inboundPort?: string
  adminPort?: string
  name?: string
  /** What its name is made of, where the agent's port says nothing. */
  base?: string
  zone?: string
  transparent?: boolean
  printIptables?: boolean
  proxyUid?: string
  certificate?: string[]
  credential?: string[]
  ca?: string[]
  dir?: string
}

export function register(program: Command): void {
  program
    .enablePositionalOptions() // --version is the agent's here, not ours
    .command('sidecar')
    .description('run the sidecar of an agent, with its Envoy')
    .option('--control <host:port,…>', 'control processes; the Heddle of this machine when left out')
    .option('--token <join>', 'join token of `heddle token create --agent NAME`; minted through the home on the same machine')
    .requiredOption('--agent <name>', 'the agent beside it')
    .option('--namespace <name>', 'of the agent', NAMESPACE_DEFAULT)
    .requiredOption('--version <version>', 'of the agent, such as v2')
    .option('--port <port>', 'loopback port that the agent listens on')
    .option('--socket <path>', 'Unix socket that the agent listens on, instead of a port')
    .option('--outbound-port <port>', 'where the agent sends its calls; picked and kept when left out')
    .option('--inbound-port <port>', 'where peers call; picked and kept when left out')
    .option('--admin-port <port>', 'of Envoy’s admin interface, on loopback; a socket beside the sidecar’s when left out')
    .option('--name <id>', 'of this proxy; from agent, version and port, and by chance for a control elsewhere, when left out')
    .option('--zone <zone>', 'where this instance is: ZONE or REGION/ZONE')
    .option('--transparent', 'take what the agent sends and receives without its knowing, by rules of this network namespace')
    .option('--print-iptables', 'print those rules as a shell script, and nothing else')
    .option('--proxy-uid <uid>', 'with --print-iptables: the user that the sidecar will run as, when that is not root')
    .option('--dir <directory>', 'where it keeps key, identity and configuration; in the home when left out')
    .option('--certificate <name=cert,key>', 'a certificate that Gateways on this sidecar may show, from PEM files that are read again when they change; once each', collect)
    .option('--credential <name=host,source>', 'a credential that ExternalServices of that host may have sent along: file:PATH, read again when it changes, or env:SETTING; once each', collect)
    .option('--ca <name=file>', 'an authority, as PEM, whose certificates ExternalServices may be held against; once each', collect)
    .addHelpText('after', '\nExample:\n  heddle sidecar --agent translator --version v2 --port 9000\n  curl -x http://127.0.0.1:OUTBOUND http://translator.default.mesh/\n')
    .action(async (flags: SidecarFlags) => {
      const config = readConfig()
      if (flags.printIptables) return console.log(interceptScript(readInterception(flags, readTarget(flags))))
      keepMemoryOutOfCoreDumps() // and that of Envoy, which it starts
      const log = openLog('sidecar', config, { agent: flags.agent })
      const options = await readOptions(flags, config, (sentence) => log.info(sentence))
      if (options.transparent) setOwner(options.transparent, options.log)
      const prepared = await prepareSidecar(options)
      await runUntilStopped(log, async (things) => {
        const sidecar = await runSidecar(prepared, things)
        void sidecar.untilReady().then(() => console.log(readyLine(prepared.options, prepared.state.ports.outbound)))
      })
    })
}

export function collect(text: string, before: string[] = []): string[] {
  return [...before, text]
}

function readyLine({ agent, namespace, version, proxyId }: SidecarOptions, outbound: number): string {
  const url = `http://127.0.0.1:${outbound}`
  return [`Ready: ${agent} ${version} is in the mesh as ${proxyId}. Outbound: ${url} (HTTP_PROXY=${url})`, `  curl -x ${url} http://${agent}.${namespace}.mesh/`].join('\n')
}

/** Throws `invalid` for flags that fit nothing. */
export async function readOptions(flags: SidecarFlags, config: Config, log: (sentence: string) => void): Promise<SidecarOptions> {
  const agent = parse('--agent', DnsLabel, flags.agent)
  const namespace = parse('--namespace', DnsLabel, flags.namespace)
  const version = parse('--version', VersionName, flags.version)
  const target = readTarget(flags)
  const transparent = flags.transparent ? readInterception(flags, target) : null
  const controls = flags.control ? flags.control.split(',').map((address) => address.trim()) : [`127.0.0.1:${config.xdsPort}`]
  const base = flags.name ?? flags.base ?? [agent, version, ...(namespace === NAMESPACE_DEFAULT ? [] : [namespace]), 'port' in target ? target.port : shortHash(target.socket)].join('-')
  if (!/^[A-Za-z0-9._-]{1,240}$/.test(base)) throw new MeshError('invalid', `--name is “${base}”; it takes letters, digits, dots, hyphens and underscores`)
  const dir = flags.dir ?? join(homePaths(config.home).sidecars, base)
  const proxyId = flags.name ?? chooseProxyId({ base, agent, namespace, dir, controls })
  return {
    controls,
    token: flags.token ?? null,
    agent,
    namespace,
    version,
    target,
    proxyId,
    ports: { inbound: transparent?.inboundPort ?? optionalPort('--inbound-port', flags.inboundPort), outbound: optionalPort('--outbound-port', flags.outboundPort), admin: optionalPort('--admin-port', flags.adminPort) },
    zone: flags.zone ?? '',
    transparent,
    certificates: readCertificates(flags.certificate),
    credentials: readCredentials(flags.credential),
    authorities: readAuthorities(flags.ca),
    home: config.home,
    dir,
    envoy: await findEnvoy(config),
    mint: canMint(config) ? () => mintToken(config, { agent, namespace }, log) : null,
    log,
  }
}

function readTarget({ port, socket }: SidecarFlags): SidecarOptions['target'] {
  if ((port === undefined) === (socket === undefined)) throw new MeshError('invalid', 'say where the agent listens: --port PORT or --socket PATH')
  if (socket === undefined) return { port: optionalPort('--port', port) ?? 0 }
  if (!socket.startsWith('/') || Buffer.byteLength(socket) > 107) throw new MeshError('invalid', '--socket takes an absolute path of at most 107 bytes')
  return { socket }
}

function canMint(config: Config): boolean {
  return (config.url !== '' && config.token !== '') || readPrivate(homePaths(config.home).credentials) !== null
}

async function mintToken(config: Config, { agent, namespace }: { agent: string; namespace: string }, log: (sentence: string) => void): Promise<string> {
  const { body } = await openApi(config).request<{ token: string }>('POST', '/join-tokens', { body: { agent, namespace } })
  log(`made a join token for ${namespace}/${agent} through ${config.url || 'the Heddle of this home'}`)
  return body.token
}

function parse<T>(flag: string, schema: { safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: { message: string }[] } } }, value: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new MeshError('invalid', `${flag} is “${value}”; ${parsed.error.issues[0]?.message ?? 'it is not a name'}`)
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
