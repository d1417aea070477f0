// Every setting, parsed once. `SETTINGS` is also what `heddle --help` and `.env.example` print.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { MeshError } from './contracts/errors.ts'

export interface Setting {
  default: string
  unit: string
  says: string
  secret?: boolean
}

export const SETTINGS = {
  HEDDLE_HOME: { default: '.heddle', unit: 'directory', says: 'data directory of this Heddle' },
  DATABASE_URL: { default: '', unit: 'URL', says: 'PostgreSQL 15 or newer; empty runs an embedded one in the home', secret: true },
  HEDDLE_SECRET_KEY: { default: '', unit: '32 bytes, base64', says: 'encrypts CA keys at rest; made on first start in the home', secret: true },
  HEDDLE_BIND: { default: '127.0.0.1', unit: 'address', says: 'where the console, xDS and OTLP listen; off loopback every door needs TLS and credentials' },
  HEDDLE_TLS_CERT: { default: '', unit: 'file', says: 'certificate of the console and OTLP, PEM, leaf first; with it both speak TLS alone' },
  HEDDLE_TLS_KEY: { default: '', unit: 'file', says: 'its private key, PEM' },
  HEDDLE_CONSOLE_PORT: { default: '3000', unit: 'port', says: 'console and REST API' },
  HEDDLE_XDS_PORT: { default: '18000', unit: 'port', says: 'xDS and enrolment' },
  HEDDLE_OTLP_GRPC_PORT: { default: '4317', unit: 'port', says: 'OTLP over gRPC' },
  HEDDLE_OTLP_HTTP_PORT: { default: '4318', unit: 'port', says: 'OTLP over HTTP' },
  HEDDLE_PUBLIC_URL: { default: '', unit: 'URL', says: 'what browsers use to reach the console; from bind and port when empty' },
  HEDDLE_ADMIN_TOKEN: { default: '', unit: 'token', says: 'an API token with the admin role, for automation', secret: true },
  HEDDLE_URL: { default: '', unit: 'URL', says: 'the Heddle that the command line talks to; the one in the home when empty' },
  HEDDLE_TOKEN: { default: '', unit: 'token', says: 'the API token of the command line', secret: true },
  HEDDLE_TRUST_DOMAIN: { default: 'mesh.local', unit: 'name', says: 'SPIFFE trust domain of the mesh' },
  HEDDLE_SVID_TTL: { default: '24h', unit: 'duration', says: 'life of an agent certificate; renewed between 50 and 60 % of it' },
  HEDDLE_SAMPLE: { default: 'auto', unit: 'auto, on or off', says: 'the sample fleet; auto starts it on an empty store' },
  HEDDLE_SAMPLE_GATEWAY_PORT: { default: '8080', unit: 'port', says: 'where the sample fleet takes tasks' },
  HEDDLE_RETENTION: { default: '7d', unit: 'duration', says: 'telemetry kept' },
  HEDDLE_DISK_MAX: { default: '20GB', unit: 'bytes', says: 'disk that telemetry may use' },
  HEDDLE_FETCH_ALLOW: { default: '', unit: 'list', says: 'addresses, networks and host names beyond the public internet that agent cards may be read from and probes may go to' },
  HEDDLE_SMTP_URL: { default: '', unit: 'URL', says: 'mail server for alerts: smtp://user:password@host:587, or smtps://', secret: true },
  HEDDLE_MAIL_FROM: { default: 'heddle@localhost', unit: 'address', says: 'whom mail about alerts is from' },
  HEDDLE_EMBEDDINGS: { default: '', unit: 'directory or URL', says: 'the sentence model: an ONNX directory, or an OpenAI-compatible /v1/embeddings endpoint; the one that ships with Heddle when empty' },
  HEDDLE_EMBEDDINGS_MODEL: { default: 'text-embedding-3-small', unit: 'name', says: 'the model that an embeddings endpoint is asked for' },
  HEDDLE_EMBEDDINGS_KEY: { default: '', unit: 'token', says: 'sent to an embeddings endpoint as a bearer token', secret: true },
  HEDDLE_LOG_LEVEL: { default: 'info', unit: 'level', says: 'trace, debug, info, warn or error' },
  ENVOY_PATH: { default: '', unit: 'file', says: 'the Envoy to run; looked up when empty' },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof SETTINGS

export interface Config {
  home: string
  databaseUrl: string
  secretKey: string
  bind: string
  /** Files; both or neither. */
  tlsCert: string
  tlsKey: string
  consolePort: number
  xdsPort: number
  otlpGrpcPort: number
  otlpHttpPort: number
  publicUrl: string
  adminToken: string
  url: string
  token: string
  trustDomain: string
  svidTtlMs: number
  sample: 'auto' | 'on' | 'off'
  sampleGatewayPort: number
  retentionMs: number
  diskMaxBytes: number
  fetchAllow: string
  mail: { url: string; from: string }
  embeddings: { source: string; model: string; apiKey: string }
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error'
  envoyPath: string
}

/** Reads the environment; throws `MeshError('invalid')` naming the setting and what it takes. `NAME_FILE` works for every secret. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const text = (name: SettingName): string => {
    const file = 'secret' in SETTINGS[name] ? env[`${name}_FILE`] : undefined
    if (file !== undefined) return readSecretFile(name, file)
    return env[name] ?? SETTINGS[name].default
  }
  const bind = text('HEDDLE_BIND')
  const consolePort = parsePort('HEDDLE_CONSOLE_PORT', text('HEDDLE_CONSOLE_PORT'))
  const [tlsCert, tlsKey] = [text('HEDDLE_TLS_CERT'), text('HEDDLE_TLS_KEY')]
  if ((tlsCert === '') !== (tlsKey === '')) throw new MeshError('invalid', `${tlsCert === '' ? 'HEDDLE_TLS_KEY' : 'HEDDLE_TLS_CERT'} is set alone; a certificate needs its key: set both`)
  const publicUrl = text('HEDDLE_PUBLIC_URL')
  if (publicUrl === '' && /^(0\.0\.0\.0|::|\[::\])$/.test(bind)) throw new MeshError('invalid', `HEDDLE_BIND is ${bind}, every address of this machine; set HEDDLE_PUBLIC_URL to the one that others use`)
  const sample = parseChoice('HEDDLE_SAMPLE', text('HEDDLE_SAMPLE'), ['auto', 'on', 'off'])
  if (tlsCert !== '' && sample === 'on') throw new MeshError('invalid', 'HEDDLE_SAMPLE is on: the sample fleet sends its telemetry in the clear, and with HEDDLE_TLS_CERT nobody takes it so')
  return {
    home: resolve(text('HEDDLE_HOME')),
    databaseUrl: text('DATABASE_URL'),
    secretKey: text('HEDDLE_SECRET_KEY'),
    bind,
    tlsCert,
    tlsKey,
    consolePort,
    xdsPort: parsePort('HEDDLE_XDS_PORT', text('HEDDLE_XDS_PORT')),
    otlpGrpcPort: parsePort('HEDDLE_OTLP_GRPC_PORT', text('HEDDLE_OTLP_GRPC_PORT')),
    otlpHttpPort: parsePort('HEDDLE_OTLP_HTTP_PORT', text('HEDDLE_OTLP_HTTP_PORT')),
    publicUrl: publicUrl || `${tlsCert === '' ? 'http' : 'https'}://${bind}:${consolePort}`,
    adminToken: text('HEDDLE_ADMIN_TOKEN'),
    url: text('HEDDLE_URL'),
    token: text('HEDDLE_TOKEN'),
    trustDomain: parseTrustDomain(text('HEDDLE_TRUST_DOMAIN')),
    svidTtlMs: parseDurationMs('HEDDLE_SVID_TTL', text('HEDDLE_SVID_TTL')),
    sample: tlsCert === '' ? sample : 'off',
    sampleGatewayPort: parsePort('HEDDLE_SAMPLE_GATEWAY_PORT', text('HEDDLE_SAMPLE_GATEWAY_PORT')),
    retentionMs: parseDurationMs('HEDDLE_RETENTION', text('HEDDLE_RETENTION')),
    diskMaxBytes: parseBytes('HEDDLE_DISK_MAX', text('HEDDLE_DISK_MAX')),
    fetchAllow: text('HEDDLE_FETCH_ALLOW'),
    mail: { url: parseMailUrl(text('HEDDLE_SMTP_URL')), from: text('HEDDLE_MAIL_FROM') },
    embeddings: { source: text('HEDDLE_EMBEDDINGS'), model: text('HEDDLE_EMBEDDINGS_MODEL'), apiKey: text('HEDDLE_EMBEDDINGS_KEY') },
    logLevel: parseChoice('HEDDLE_LOG_LEVEL', text('HEDDLE_LOG_LEVEL'), ['trace', 'debug', 'info', 'warn', 'error']),
    envoyPath: text('ENVOY_PATH'),
  }
}

function refuse(name: SettingName, value: string, takes: string): never {
  throw new MeshError('invalid', `${name} is “${value}”; it takes ${takes}`)
}

function readSecretFile(name: SettingName, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new MeshError('invalid', `${name}_FILE names ${path}, which cannot be read`, { cause })
  }
}

function parsePort(name: SettingName, value: string): number {
  const port = Number(value)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) refuse(name, value, 'a port from 1 to 65535')
  return port
}

function parseChoice<const T extends string>(name: SettingName, value: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === value)
  return choice ?? refuse(name, value, `one of ${choices.join(', ')}`)
}

function parseMailUrl(value: string): string {
  const protocol = value === '' ? 'smtp:' : URL.parse(value)?.protocol
  if (protocol !== 'smtp:' && protocol !== 'smtps:') throw new MeshError('invalid', 'HEDDLE_SMTP_URL takes smtp://user:password@host:587, or smtps://') // its value holds a password
  return value
}

function parseTrustDomain(value: string): string {
  if (!/^[a-z0-9]([-a-z0-9._]*[a-z0-9])?$/.test(value) || value.length > 255) refuse('HEDDLE_TRUST_DOMAIN', value, 'lower-case letters, digits, dots, hyphens')
  return value
}

const DURATION_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function parseDurationMs(name: SettingName, value: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(value)
  const unitMs = DURATION_MS[match?.[2] ?? '']
  if (!match || unitMs === undefined || Number(match[1]) === 0) return refuse(name, value, 'a number and ms, s, m, h or d, such as 24h')
  return Number(match[1]) * unitMs
}

const SIZE_BYTES: Record<string, number> = { MB: 1e6, GB: 1e9, TB: 1e12, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }

function parseBytes(name: SettingName, value: string): number {
  const match = /^(\d+)(MB|GB|TB|MiB|GiB|TiB)$/.exec(value)
  const unitBytes = SIZE_BYTES[match?.[2] ?? '']
  if (!match || unitBytes === undefined || Number(match[1]) === 0) return refuse(name, value, 'a size such as 20GB')
  return Number(match[1]) * unitBytes
}
