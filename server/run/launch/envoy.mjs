import { existsSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { isNetworkFault, run } from './command.mjs'
import { platform } from './platform.mjs'
import { runtime } from './root.mjs'
import { say, step } from './say.mjs'

const VERSION = '1.40.0'
const target = join(runtime, `envoy-${VERSION}`)
const binary = join(target, 'envoy', '_bin', 'envoy')

/** The path of an Envoy, or null with a notice: console and telemetry work without one. */
export async function bringEnvoy() {
  const there = process.env.ENVOY_PATH || [binary, ...(process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, 'envoy'))].find((path) => existsSync(path))
  if (there) return there
  return step(`Envoy ${VERSION}`, fetchEnvoy)
}

/** pip checks the archive against the hash in envoy-requirements.txt and unpacks it; no environment is made or changed. */
async function fetchEnvoy() {
  const requirements = new URL('../envoy-requirements.txt', import.meta.url).pathname
  rmSync(target, { recursive: true, force: true })
  const { code, output } = await run('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--require-hashes', '--only-binary=:all:', '--target', target, '-r', requirements])
  if (code === 0 && existsSync(binary)) return binary
  rmSync(target, { recursive: true, force: true })
  say(`Notice: no Envoy (${reasonOf(code, output)}). Console and telemetry start without; for sidecars install Envoy ${VERSION} and set ENVOY_PATH to it.`)
  return null
}

function reasonOf(code, output) {
  if (code === null) return 'python3 is not on PATH'
  if (/No module named pip/.test(output)) return 'python3 has no pip'
  if (/No matching distribution|not a supported wheel|from versions: none/i.test(output) && !isNetworkFault(output)) return `the Python package index has none for ${platform}`
  if (isNetworkFault(output)) return 'the Python package index cannot be reached'
  return output.split('\n').at(-1) || 'pip brought no program'
}
