// What listens where: checked, and named by its setting, before anything starts.
import { createServer } from 'node:net'
import { isIP } from 'node:net'
import { MeshError } from '../contracts/errors.ts'
import type { Config, SettingName } from '../config.ts'

export interface Door {
  setting: SettingName
  port: number
}

export function doorsOf(config: Config, options: { sample: boolean }): Door[] {
  const doors: Door[] = [
    { setting: 'HEDDLE_CONSOLE_PORT', port: config.consolePort },
    { setting: 'HEDDLE_XDS_PORT', port: config.xdsPort },
    { setting: 'HEDDLE_OTLP_GRPC_PORT', port: config.otlpGrpcPort },
    { setting: 'HEDDLE_OTLP_HTTP_PORT', port: config.otlpHttpPort },
  ]
  return options.sample ? [...doors, { setting: 'HEDDLE_SAMPLE_GATEWAY_PORT', port: config.sampleGatewayPort }] : doors
}

/** Throws `conflict` naming every port that is taken, or meant for two doors, and the setting that moves it. */
export async function refuseTakenPorts(bind: string, doors: readonly Door[]): Promise<void> {
  const sentences: string[] = []
  for (const [index, door] of doors.entries()) {
    const twin = doors.slice(0, index).find((other) => other.port === door.port)
    if (twin) sentences.push(`${door.setting} and ${twin.setting} are both ${door.port}; each needs a port of its own`)
    else {
      const why = await tryListen(bind, door.port)
      if (why) sentences.push(`${door.setting} is ${door.port}, ${why}; set ${door.setting} to a free port`)
    }
  }
  if (sentences.length > 0) throw new MeshError('conflict', sentences.join('\n'))
}

/** Null when the port is free. */
export function tryListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('where something else listens')
      else if (error.code === 'EACCES') resolve('which this user may not open')
      else resolve(`which cannot be opened on ${host} (${error.message})`)
    })
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)))
  })
}

export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

/** Every address of this machine: nothing that another could dial. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '[::]'
}

/** Off loopback the console would take passwords, and OTLP telemetry, from anybody and in the clear. */
export function refuseOpenDoors(config: Pick<Config, 'bind' | 'tlsCert'>): void {
  if (isLoopback(config.bind) || config.tlsCert !== '') return
  throw new MeshError(
    'forbidden',
    `HEDDLE_BIND is ${config.bind}: off loopback every door needs TLS and credentials. Set HEDDLE_TLS_CERT and HEDDLE_TLS_KEY to the files of a certificate, or leave HEDDLE_BIND at 127.0.0.1 and put a TLS proxy in front, with HEDDLE_PUBLIC_URL set to its address`,
  )
}
