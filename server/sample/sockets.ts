import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Linux takes 107 bytes, macOS 103; the longest instance name has 20. */
const SOCKET_DIRECTORY_MAX = 80

/** A directory for the agents' sockets: in the home, or in the system's temporary one where the home's path is too long. */
export function socketDirectory(home: string): string {
  const inHome = join(home, 'sample')
  if (Buffer.byteLength(inHome) > SOCKET_DIRECTORY_MAX) return mkdtempSync(join(tmpdir(), 'heddle-sample-'))
  mkdirSync(inHome, { recursive: true, mode: 0o700 })
  return inHome
}
