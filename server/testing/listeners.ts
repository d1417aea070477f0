import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface Listener {
  address: string
  port: number
  pid: number
}

const LISTEN = '0A' // include/net/tcp_states.h

/** TCP ports on which these processes listen, as Linux tells. */
export function listenersOf(pids: Iterable<number>): Listener[] {
  const sockets = [...readTable('/proc/net/tcp'), ...readTable('/proc/net/tcp6')]
  return [...pids].flatMap((pid) => {
    const inodes = inodesOf(pid)
    return sockets.filter(({ inode }) => inodes.has(inode)).map(({ address, port }) => ({ address, port, pid }))
  })
}

function readTable(path: string): { address: string; port: number; inode: string }[] {
  const rows = readFileSync(path, 'utf8').trim().split('\n').slice(1).map((line) => line.trim().split(/\s+/))
  return rows.flatMap(([, local = '', , state, , , , , , inode = '']) => {
    const [hex = '', port = ''] = local.split(':')
    return state === LISTEN ? [{ address: addressOf(hex), port: Number.parseInt(port, 16), inode }] : []
  })
}

/** Four bytes, each group of four in the machine's (little-endian) order. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16)))
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.slice(0, 15).every((byte) => byte === 0)) return bytes[15] === 1 ? '::1' : '::'
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255) return bytes.slice(12).join('.') // IPv4 in IPv6
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function inodesOf(pid: number): Set<string> {
  const inodes = new Set<string>()
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const found = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1]
      if (found) inodes.add(found)
    }
  } catch {
    // it has ended
  }
  return inodes
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '' // closed meanwhile
  }
}
