import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { notify } from '#server/db/listen.ts'
import type { Db } from '#server/db/client.ts'
import { freePort } from '#server/testing/free-port.ts'
import { testDatabase } from '#server/testing/database.ts'
import { CLIENT } from './client.ts'
import { HUB, startLiveHub } from './hub.ts'

interface Message {
  topic?: string
  what?: unknown
  error?: string
}

async function startHub(db: Db, stillAllowed: () => Promise<boolean> = async () => true) {
  const hub = startLiveHub(db.url, { ...HUB, recheckMs: 100 })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => hub.accept(request, socket, head, { id: 'ann', mesh: 'local', stillAllowed }))
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await sleep(200) // LISTEN is on its way
  return {
    hub,
    async follow(...topics: string[]) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`)
      const heard: Message[] = []
      socket.on('message', (data) => heard.push(JSON.parse(String(data))))
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
      socket.send(JSON.stringify({ subscribe: topics }))
      await sleep(50)
      return { socket, heard }
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function until(good: () => boolean): Promise<void> {
  for (const end = Date.now() + 5000; !good(); await sleep(20)) if (Date.now() > end) throw new Error('it did not happen within 5 s')
}

test('a commit reaches those who follow it, many at once as one message, and no other mesh', async () => {
  await using db = await testDatabase()
  await using live = await startHub(db)
  const [page, other] = [await live.follow('revisions', 'revision/3'), await live.follow('identity')]
  await notify(db.pool, 'revision', { mesh: 'elsewhere', revision: 9 })
  for (const revision of [1, 2, 3]) await notify(db.pool, 'revision', { mesh: 'local', revision })
  await until(() => page.heard.some((message) => message.topic === 'revision/3'))
  await sleep(CLIENT.gatherMs * 2)
  expect(page.heard.at(-1)).toMatchObject({ what: { mesh: 'local', revision: 3 } })
  expect(page.heard.length).toBeLessThanOrEqual(4) // two topics, at most two moments
  expect(other.heard).toEqual([])
})

test('what is no message is answered with a sentence, and the connection goes on', async () => {
  await using db = await testDatabase()
  await using live = await startHub(db)
  const page = await live.follow('revisions')
  for (const text of ['{', '[]', '{"subscribe": "all"}', '{"subscribe": ["nothing"]}', '{"subscribe": [], "extra": 1}']) page.socket.send(text)
  await until(() => page.heard.length === 5)
  expect(page.heard.every((message) => typeof message.error === 'string')).toBe(true)
  await notify(db.pool, 'revision', { mesh: 'local', revision: 1 })
  await until(() => page.heard.some((message) => message.topic === 'revisions'))
})

test('a message that is too long ends its connection alone', async () => {
  await using db = await testDatabase()
  await using live = await startHub(db)
  const [loud, quiet] = [await live.follow('revisions'), await live.follow('revisions')]
  loud.socket.on('error', () => {})
  loud.socket.send('x'.repeat(CLIENT.messageBytesMax + 1))
  await until(() => loud.socket.readyState === WebSocket.CLOSED)
  await notify(db.pool, 'revision', { mesh: 'local', revision: 1 })
  await until(() => quiet.heard.length > 0)
})

test('one person has a bounded number of connections', async () => {
  await using db = await testDatabase()
  await using live = await startHub(db)
  for (let open = 0; open < HUB.clientsOfOneMax; open++) await live.follow()
  await expect(live.follow()).rejects.toThrow('503')
})

test('after PostgreSQL dropped the connection, pages are told to read again', async () => {
  await using db = await testDatabase()
  await using live = await startHub(db)
  const page = await live.follow('revisions')
  await db.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'heddle-listen' and datname = current_database()`)
  await until(() => page.heard.some((message) => message.topic === 'revisions' && message.what === null))
})

test('a connection ends once its session has, and not because the store could not be asked', async () => {
  await using db = await testDatabase()
  let answer: () => Promise<boolean> = async () => Promise.reject(new Error('the store is away'))
  await using live = await startHub(db, () => answer())
  const { socket } = await live.follow('revisions')
  let closedWith: number | null = null
  socket.once('close', (code) => (closedWith = code))
  await sleep(300)
  expect(closedWith).toBeNull()
  answer = async () => false
  await until(() => closedWith !== null)
  expect(closedWith).toBe(4401)
})
