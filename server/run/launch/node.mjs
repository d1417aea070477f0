import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { NODE_MAJOR, NODE_PACKAGES, NODE_VERSION } from '../node-version.mjs'
import { isNetworkFault, run } from './command.mjs'
import { ownMajor, platform, Refusal } from './platform.mjs'
import { runtime } from './root.mjs'
import { step } from './say.mjs'

const brought = join(runtime, `node-${NODE_VERSION}`)
const binary = join(brought, 'bin', 'node')

/** The Node that runs Heddle: this one when it is new enough, else one from the npm registry, checked against the pinned hash. */
export async function bringNode({ onlyIfThere = false } = {}) {
  if (ownMajor >= NODE_MAJOR) return process.execPath
  if (existsSync(binary)) return binary
  if (onlyIfThere) return null
  await step(`Node ${NODE_VERSION} (this is ${process.versions.node})`, fetchNode)
  return binary
}

async function fetchNode() {
  const { name, integrity } = NODE_PACKAGES[platform]
  mkdirSync(runtime, { recursive: true })
  const half = mkdtempSync(join(runtime, 'node-'))
  try {
    const packed = await run('npm', ['pack', `${name}@${NODE_VERSION}`, '--pack-destination', half, '--silent'])
    const archive = join(half, `${name}-${NODE_VERSION}.tgz`)
    if (packed.code !== 0 || !existsSync(archive)) throw new Refusal(refusalOf(packed))
    const hash = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
    if (hash !== integrity) throw new Refusal(`The npm registry gave another ${name}@${NODE_VERSION} than the one pinned here (${hash}); it was not used. Install Node ${NODE_MAJOR} yourself and start again.`)
    const unpacked = await run('tar', ['-xzf', archive, '-C', half])
    if (unpacked.code !== 0) throw new Refusal(`tar could not unpack Node: ${unpacked.output}`)
    rmSync(brought, { recursive: true, force: true })
    renameSync(join(half, 'package'), brought)
  } finally {
    rmSync(half, { recursive: true, force: true })
  }
}

function refusalOf({ code, output }) {
  if (code === null) return `npm is not on PATH, so Node ${NODE_MAJOR} cannot be brought; install Node ${NODE_MAJOR} and start again.`
  if (isNetworkFault(output)) return `The npm registry cannot be reached, and the first start needs it for Node ${NODE_MAJOR}. Check the network (HTTPS_PROXY, npm config get registry), or install Node ${NODE_MAJOR}.\n${output}`
  return `npm could not bring Node ${NODE_VERSION}: ${output}`
}
