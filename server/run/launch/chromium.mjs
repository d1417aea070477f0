import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { installByApt } from './apt.mjs'
import { say, step } from './say.mjs'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'

/** `{path}`, or `{why}` in words. Where apt can be used without asking anybody, it brings one. */
export async function findChromium() {
  const there = look()
  if (there) return { path: there }
  if (process.platform !== 'linux') return { why: 'install Chromium or set CHROMIUM_PATH' }
  const failure = await step('Chromium by apt', () => installByApt('chromium'))
  const path = look()
  if (path) return { path }
  const why = `${failure ?? 'it was installed, but is not on PATH'}; install Chromium or set CHROMIUM_PATH`
  say(`Notice: apt brought no Chromium: ${why}`)
  return { why }
}

function look() {
  const paths = (process.env.PATH ?? '').split(delimiter).flatMap((directory) => NAMES.map((name) => join(directory, name)))
  return [process.env.CHROMIUM_PATH, ...paths, MAC].find((path) => path && existsSync(path))
}
