// Which machines this can run on, said before anything is fetched.
import { NODE_MAJOR, NODE_PACKAGES } from '../node-version.mjs'

/** A sentence for the person at the terminal. */
export class Refusal extends Error {}

const POSTGRES = ['linux-x64', 'linux-arm64', 'linux-arm', 'linux-ia32', 'linux-ppc64', 'darwin-x64', 'darwin-arm64']

export const platform = `${process.platform}-${process.arch}`
export const ownMajor = Number(process.versions.node.split('.')[0])

/** Throws where no part of Heddle can run; a missing Envoy alone is no reason. */
export function refusePlatform() {
  if (ownMajor < 18) throw new Refusal(`Heddle's launcher needs Node 18 or newer; this is ${process.versions.node}.`)
  if (process.platform === 'win32') throw new Refusal('Heddle does not run on Windows itself: its sidecars need Unix sockets and Envoy has no build for it. It runs in WSL 2 (Linux x64).')
  if (ownMajor < NODE_MAJOR && !NODE_PACKAGES[platform]) throw new Refusal(`Heddle needs Node ${NODE_MAJOR} or newer and cannot bring it to ${platform}; this is ${process.versions.node}. Install Node ${NODE_MAJOR} and start again.`)
  if (!POSTGRES.includes(platform) && !process.env.DATABASE_URL) throw new Refusal(`There is no embedded PostgreSQL for ${platform}; set DATABASE_URL to one of your own (15 or newer) and start again.`)
}
