import type { IncomingMessage } from 'node:http'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { openAuth } from '#server/auth/auth.ts'
import { TEST_ORIGIN, testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'
import { admitUpgrade } from './upgrade.ts'

test('a WebSocket is let in by the questions that a route asks: name, page, person, mesh', async () => {
  await using db = await testDatabase()
  const api = await testApi(db)
  const options = { db, config: api.config, auth: await openAuth(db, api.config), log: pino({ level: 'silent' }) }
  const good = { host: new URL(TEST_ORIGIN).host, origin: TEST_ORIGIN, authorization: `Bearer ${api.tokenOf('viewer')}` }
  // What is read of a request, without a connection.
  const ask = (headers: Record<string, string>, url = '/api/v1/live') => admitUpgrade({ headers, url, socket: { remoteAddress: '192.0.2.1' } } as unknown as IncomingMessage, options)
  const { authorization: _, ...nobody } = good
  await expect(ask({ ...good, host: 'evil.example' })).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('that name') })
  await expect(ask({ ...good, origin: 'http://evil.example' })).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('another site') })
  await expect(ask(nobody)).rejects.toMatchObject({ code: 'unauthenticated' })
  await expect(ask({ ...good, authorization: 'Bearer hdl_guess' })).rejects.toMatchObject({ code: 'unauthenticated' })
  await expect(ask(good, '/api/v1/live?mesh=other')).rejects.toMatchObject({ code: 'not_found' })
  const admitted = await ask(good)
  expect([admitted.mesh, await admitted.stillAllowed()]).toEqual(['local', true])
  await db.pool.query('update api_token set revoked_at = now()')
  expect(await admitted.stillAllowed()).toBe(false)
})
