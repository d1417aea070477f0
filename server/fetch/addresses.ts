// Which addresses a URL from outside may lead to: the public internet, and what an operator allows by name.
import { BlockList, isIP, isIPv4 } from 'node:net'
import { MeshError } from '../contracts/errors.ts'

/** https://www.iana.org/assignments/iana-ipv4-special-registry */
const SPECIAL_V4 = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4']
/** Within global unicast: Teredo, documentation, 6to4 (which carries any IPv4 address). https://www.iana.org/assignments/iana-ipv6-special-registry */
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']
const GLOBAL_V6 = '2000::/3'

const special = blockListOf([...SPECIAL_V4, ...SPECIAL_V6])
const globalV6 = blockListOf([GLOBAL_V6])

/** True for an address of the public internet. */
export function isPublic(address: string): boolean {
  const plain = withoutMapping(address)
  if (isIPv4(plain)) return !special.check(plain, 'ipv4')
  return isIP(plain) === 6 && globalV6.check(plain, 'ipv6') && !special.check(plain, 'ipv6')
}

/** `::ffff:127.0.0.1` is 127.0.0.1, however it is written. */
function withoutMapping(address: string): string {
  const bare = address.replace(/%.*$/, '')
  const url = isIP(bare) === 6 ? new URL(`http://[${bare}]/`).hostname.slice(1, -1) : bare
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(url)
  if (!mapped) return url
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)]
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

export interface AllowList {
  /** True when an operator allows this address, by itself or by the name and port it was asked for. */
  allows(address: string, host: string, port: number): boolean
}

export const ALLOW_NOTHING: AllowList = { allows: () => false }

/**
 * `10.1.0.0/16, 127.0.0.1:9000, cards.corp.example, *.agents.internal:8443`: addresses, networks and host names, each perhaps with
 * a port. Throws `MeshError('invalid')` naming the entry that is none of these.
 */
export function parseAllowList(text: string): AllowList {
  const entries = text.split(',').map((entry) => entry.trim()).filter((entry) => entry !== '').map(parseEntry)
  return { allows: (address, host, port) => entries.some((entry) => (entry.port === null || entry.port === port) && entry.matches(withoutMapping(address), host)) }
}

function parseEntry(entry: string): { port: number | null; matches(address: string, host: string): boolean } {
  const withPort = /^(\[[^\]]+\]|[^:[\]]+):(\d{1,5})$/.exec(entry)
  const port = withPort ? Number(withPort[2]) : null
  const name = (withPort?.[1] ?? entry).replace(/^\[|\]$/g, '').toLowerCase()
  const network = name.includes('/') || isIP(name) > 0
  if (network) {
    const list = blockListOf([isIP(name) > 0 ? `${name}/${isIPv4(name) ? 32 : 128}` : name], entry)
    return { port, matches: (address) => list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6') }
  }
  if (!/^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)) refuse(entry)
  return { port, matches: (_, host) => (name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name) }
}

function blockListOf(networks: readonly string[], entry?: string): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/')
    const most = isIPv4(address) ? 32 : 128
    if (isIP(address) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) refuse(entry ?? network)
    list.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6')
  }
  return list
}

function refuse(entry: string): never {
  throw new MeshError('invalid', `“${entry}” is neither an address, a network such as 10.0.0.0/8, nor a host name; HEDDLE_FETCH_ALLOW takes a list of those, each perhaps with :PORT`)
}
