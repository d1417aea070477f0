#!/usr/bin/env node
// `npm start`, `stop`, `run dev`, `test`, `run test:refusals` and `run check`: plain JavaScript for any Node from 18 on. It brings what is missing, imports
// nothing that was not in the clone, and hands over to the programs themselves.
import { bringConsole } from './launch/console.mjs'
import { bringEnvoy } from './launch/envoy.mjs'
import { handOver } from './launch/hand-over.mjs'
import { underLock } from './launch/lock.mjs'
import { bringNode } from './launch/node.mjs'
import { bringClient, bringPackages, havePackages } from './launch/packages.mjs'
import { refusePlatform, Refusal } from './launch/platform.mjs'
import { complain, say } from './launch/say.mjs'
import { runCheck, runTests } from './launch/suites.mjs'

const CLI = 'server/cli/heddle.ts'

/** Everything that a start needs and the clone does not hold; nothing to do (and no network used) when all of it is fresh. */
async function prepare({ console: withConsole = true } = {}) {
  refusePlatform()
  return underLock(async () => {
    const node = await bringNode()
    await bringPackages(node)
    await bringClient(node)
    const envoy = await bringEnvoy()
    if (withConsole) await bringConsole(node)
    return { node, envoy }
  })
}

const COMMANDS = {
  async start(args) {
    const { node } = await prepare()
    return handOver(node, [CLI, 'start', '--role', 'supervisor', ...args])
  },
  async dev(args) {
    const { node } = await prepare({ console: false })
    return handOver(node, [CLI, 'start', '--role', 'supervisor', '--dev', ...args], { HEDDLE_SAMPLE: process.env.HEDDLE_SAMPLE ?? 'on' })
  },
  async stop(args) {
    const node = await bringNode({ onlyIfThere: true })
    if (!node || !havePackages()) return say('No Heddle was ever started in this directory'), 0
    return handOver(node, [CLI, 'stop', ...args])
  },
  async test(args) {
    const { node, envoy } = await prepare()
    return runTests(node, { envoy, args })
  },
  async refusals(args) {
    const { node } = await prepare({ console: false })
    return handOver(node, ['bench/refusals.ts', ...args])
  },
  async check() {
    const { node } = await prepare({ console: false })
    return runCheck(node)
  },
}

const [name, ...args] = process.argv.slice(2)
try {
  if (!Object.hasOwn(COMMANDS, name ?? '')) throw new Refusal(`launch.mjs takes ${Object.keys(COMMANDS).join(', ')}`)
  process.exitCode = await COMMANDS[name](args)
} catch (error) {
  complain(error)
  process.exitCode = 1
}
