import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { choosePorts } from './ports.ts'

const directory = mkdtempSync(join(tmpdir(), 'heddle-ports-'))
const by = (owner: string) => ({ directory, owner })
afterAll(() => rmSync(directory, { recursive: true }))

test('sidecars that start at one moment never get one port twice', async () => {
  const chosen = await Promise.all(Array.from({ length: 30 }, (_, n) => choosePorts({}, null, '127.0.0.1', by(`proxy-${n}`))))
  const ports = chosen.flatMap(({ inbound, outbound }) => [inbound, outbound])
  expect(new Set(ports).size).toBe(60)
})

test('two that kept the same ports from an earlier life do not both get them', async () => {
  const kept = { inbound: 15_111, outbound: 15_112, admin: 15_113, held: false }
  const [one, other] = await Promise.all([choosePorts({}, kept, '127.0.0.1', by('one')), choosePorts({}, kept, '127.0.0.1', by('other'))])
  const portsOf = ({ inbound, outbound }: typeof one) => [inbound, outbound]
  expect(portsOf(one).filter((port) => portsOf(other).includes(port))).toEqual([])
  expect([one.admin, other.admin]).toEqual([0, 0]) // a socket, unless it is asked for
})

test('a kept port that something else took is replaced; one that was asked for is not', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(15_222, '127.0.0.1', resolve))
  const ports = await choosePorts({ admin: 15_333 }, { inbound: 15_222, outbound: 15_224, admin: 15_225, held: false }, '127.0.0.1', by('third'))
  server.close()
  expect(ports.inbound).not.toBe(15_222)
  expect(ports).toMatchObject({ outbound: 15_224, admin: 15_333 })
})

test('a sidecar that starts again at once has the ports it had', async () => {
  const first = await choosePorts({}, null, '127.0.0.1', by('again'))
  expect(await choosePorts({}, { ...first, held: false }, '127.0.0.1', by('again'))).toEqual(first)
})
