import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run, withNode } from './command.mjs'
import { Refusal } from './platform.mjs'
import { hashOf, isFresh, root, runtime, stampWith } from './root.mjs'
import { step } from './say.mjs'

const STAMP = '.next/.heddle-inputs'
// Pages call the API's handlers in process, so the server's rooms are inputs as well.
const INPUTS = ['app', 'components', 'public', 'server', 'prisma/schema.prisma', 'next.config.js', 'postcss.config.mjs', 'tsconfig.json', 'package-lock.json']
const NO_INPUT = /\.test\.tsx?$|[/\\](testing|testdata|sample|sidecar|cli)[/\\]/

/** Builds the console when what it is made of has changed. */
export async function bringConsole(node) {
  const hash = hashOf(INPUTS, { skip: (file) => NO_INPUT.test(file) })
  if (isFresh(STAMP, hash) && existsSync(join(root, '.next', 'BUILD_ID'))) return
  await step('console', async () => {
    rmSync(join(runtime, 'compile-cache'), { recursive: true, force: true }) // of code that is no more
    const { code, output } = await run(node, ['node_modules/next/dist/bin/next', 'build'], { env: withNode(node, { NODE_ENV: 'production', CI: '1' }) })
    if (code !== 0) throw new Refusal(`the console could not be built:\n${output}`)
  })
  stampWith(STAMP, hash)
}
