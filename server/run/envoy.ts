import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Config } from '../config.ts'
import { MeshError } from '../contracts/errors.ts'

const run = promisify(execFile)

/** The version that `npm start` brings and the tests run; older ones lack what the sidecars are sent. */
export const ENVOY_VERSION = '1.40.0'
export const ENVOY_BUNDLED = fileURLToPath(new URL(`../../.runtime/envoy-${ENVOY_VERSION}/envoy/_bin/envoy`, import.meta.url))
const VERSION_TIMEOUT_MS = 10_000

export interface EnvoyBinary {
  path: string
  version: string
}

/** Finds ENVOY_PATH, else the one that `npm start` brought, else `envoy` on PATH. Throws `unavailable` with what to do about it. */
export async function findEnvoy(config: Pick<Config, 'envoyPath'>): Promise<EnvoyBinary> {
  const path = config.envoyPath || (await firstExecutable([ENVOY_BUNDLED, ...onPath('envoy')]))
  if (!path)
    throw new MeshError(
      'unavailable',
      `there is no Envoy for ${process.platform}-${process.arch} here; install Envoy ${ENVOY_VERSION} or newer and set ENVOY_PATH to it. Console and telemetry work without`,
    )
  const version = await readVersion(path)
  if (isOlder(version, ENVOY_VERSION)) throw new MeshError('unavailable', `${path} is Envoy ${version}; Heddle needs ${ENVOY_VERSION} or newer, set ENVOY_PATH to one`)
  return { path, version }
}

function onPath(name: string): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter(Boolean).map((directory) => join(directory, name))
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if (await access(path, constants.X_OK).then(() => true, () => false)) return path
  }
  return undefined
}

async function readVersion(path: string): Promise<string> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: VERSION_TIMEOUT_MS })
    const version = /version: [^/]*\/(\d+\.\d+\.\d+)/.exec(stdout)?.[1]
    if (version) return version
  } catch (cause) {
    throw new MeshError('unavailable', `${path} cannot be run as Envoy; ENVOY_PATH names another`, { cause })
  }
  throw new MeshError('unavailable', `${path} does not say a version as Envoy does; ENVOY_PATH names another`)
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [majorMin = 0, minorMin = 0] = than.split('.').map(Number)
  return major < majorMin || (major === majorMin && minor < minorMin)
}
