import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { isNetworkFault, run } from './command.mjs'
import { say, step } from './say.mjs'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'

/** `{path}`, or `{why}` in words. Where apt can be used without asking anybody, it brings one. */
export async function findChromium() {
  const there = look()
  if (there) return { path: there }
  if (process.platform !== 'linux') return { why: 'install Chromium or set CHROMIUM_PATH' }
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  if ((await run('apt-get', ['--version'])).code !== 0) return { why: 'apt-get is not here; install Chromium or set CHROMIUM_PATH' }
  const why = await step('Chromium by apt', () => install(sudo))
  const path = look()
  if (path) return { path }
  say(`Notice: apt brought no Chromium: ${why}`)
  return { why }
}

function look() {
  const paths = (process.env.PATH ?? '').split(delimiter).flatMap((directory) => NAMES.map((name) => join(directory, name)))
  return [process.env.CHROMIUM_PATH, ...paths, MAC].find((path) => path && existsSync(path))
}

async function install(sudo) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args) => {
    const [command, ...rest] = [...sudo, 'apt-get', ...args]
    return run(command, rest, { env })
  }
  await apt('update', '-q')
  const { code, output } = await apt('install', '-y', '-q', '--no-install-recommends', 'chromium')
  if (code === 0) return 'it was installed, but is not on PATH'
  return isNetworkFault(output) ? 'the package mirror cannot be reached' : (output.split('\n').at(-1) ?? 'apt-get failed')
}
