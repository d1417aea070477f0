import { isNetworkFault, run } from './command.mjs'

/** Installs a Debian package where that can be done without asking anybody; otherwise why not, in words. Null when it was installed. */
export async function installByApt(name) {
  if (process.platform !== 'linux' || (await run('apt-get', ['--version'])).code !== 0) return 'apt-get is not here'
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args) => {
    const [command, ...rest] = [...sudo, 'apt-get', ...args]
    return run(command, rest, { env })
  }
  await apt('update', '-q')
  const { code, output } = await apt('install', '-y', '-q', '--no-install-recommends', name)
  if (code === 0) return null
  return isNetworkFault(output) ? 'the package mirror cannot be reached' : (output.split('\n').at(-1) ?? 'apt-get failed')
}
