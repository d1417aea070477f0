// Cards that agents show only to whom they know, from the A2A SDK's own server and over real sockets.
import type { AgentCard as SdkCard } from '@a2a-js/sdk'
import { DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server'
import { agentCardHandler, jsonRpcHandler, restHandler } from '@a2a-js/sdk/server/express'
import express from 'express'
import { expect, test } from 'vitest'
import { parseAllowList } from '../fetch/addresses.ts'
import { serve } from '../testing/serve.ts'
import { readSource } from './poll.ts'

const outside = { allow: parseAllowList('127.0.0.1') }
const SECRET = 'Bearer secret'
const skill = (id: string) => ({ id, name: id, description: `does ${id}`, tags: [], examples: [], inputModes: [], outputModes: [], securityRequirements: [] })

/** An SDK agent whose public card has one skill and whose extended one has two. `interfaceUrl` stands in the card instead of its own. */
async function startAgent({ protocolVersion = '1.0', protocolBinding = 'JSONRPC', interfaceUrl = '' } = {}) {
  const app = express()
  const asked: (string | undefined)[] = []
  const state = { status: 0 }
  const server = await serve(app)
  const card: SdkCard = {
    name: 'dyer', description: 'dyes', version: '1', provider: undefined, documentationUrl: '', iconUrl: '', securitySchemes: {}, securityRequirements: [], signatures: [],
    supportedInterfaces: [{ url: interfaceUrl || `${server.url}/a2a`, protocolBinding, protocolVersion, tenant: '' }],
    capabilities: { streaming: false, pushNotifications: false, extendedAgentCard: true, extensions: [] },
    defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'], skills: [skill('dye')],
  }
  const userBuilder = async () => ({ isAuthenticated: true, userName: 'heddle' }) // the door below lets nobody else in
  const executor = { execute: async () => {}, cancelTask: async () => {} }
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), executor, undefined, undefined, undefined, { ...card, skills: [skill('dye'), skill('secret-blue')] })
  app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: requestHandler, legacyCompat: { enabled: true } }))
  app.use('/a2a', (request, response, next) => {
    asked.push(request.headers.authorization)
    if (state.status !== 0) response.status(state.status).end()
    else if (request.headers.authorization === SECRET) next()
    else response.status(401).end()
  })
  app.use('/a2a', express.json(), protocolBinding === 'HTTP+JSON' ? restHandler({ requestHandler, userBuilder, legacyCompat: { enabled: true } }) : jsonRpcHandler({ requestHandler, userBuilder, legacyCompat: { enabled: true } }))
  return { ...server, asked, state }
}

const read = async (url: string, authorization?: string) => {
  const found = await readSource(outside, { url, kind: 'a2a', headers: authorization ? { authorization } : {} })
  return { skills: found?.taken.card.capabilities.map(({ id }) => id), note: found?.note, etag: found?.etag }
}

test.each([['1.0', 'JSONRPC'], ['0.3', 'JSONRPC'], ['1.0', 'HTTP+JSON'], ['0.3', 'HTTP+JSON']])('an agent of A2A %s over %s shows its extended card to whom has the credential', async (protocolVersion, protocolBinding) => {
  await using agent = await startAgent({ protocolVersion, protocolBinding })
  expect(await read(agent.url, SECRET)).toEqual({ skills: ['dye', 'secret-blue'], note: undefined, etag: null })
  expect((await read(agent.url)).skills).toEqual(['dye']) // without a credential nobody asks
  expect(agent.asked).toEqual([SECRET])
  expect(await read(agent.url, 'Bearer wrong')).toMatchObject({ skills: ['dye'], note: expect.stringContaining('answers 401') })
})

test('an agent that cannot show it now keeps what is known of it', async () => {
  await using agent = await startAgent()
  for (const status of [500, 429, 302]) {
    agent.state.status = status
    await expect(read(agent.url, SECRET)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining(String(status)) })
  }
})

test('a card that names another origin does not get the credential sent there', async () => {
  const thief: (string | undefined)[] = []
  const app = express()
  app.use((request, response) => {
    thief.push(request.headers.authorization)
    response.json({ jsonrpc: '2.0', id: 1, result: {} })
  })
  await using elsewhere = await serve(app)
  for (const interfaceUrl of [`${elsewhere.url}/a2a`, 'not a url', 'file:///etc/passwd']) {
    await using agent = await startAgent({ interfaceUrl })
    expect(await read(agent.url, SECRET)).toMatchObject({ skills: ['dye'], note: expect.stringContaining('the credential goes nowhere else') })
  }
  expect(thief).toEqual([])
})

test.each([
  ['no result', { jsonrpc: '2.0', id: 1 }, 'has no result'],
  ['a card that is none', { jsonrpc: '2.0', id: 1, result: { name: 7 } }, 'no A2A agent card'],
  ['a list', [], 'has no result'],
])('an extended card that is %s is refused', async (_, answer, sentence) => {
  const app = express()
  await using server = await serve(app)
  app.get('/.well-known/agent-card.json', (_request, response) => void response.json({ name: 'x', url: `${server.url}/rpc`, protocolVersion: '0.3', supportsAuthenticatedExtendedCard: true, skills: [] }))
  app.post('/rpc', (_request, response) => void response.json(answer))
  await expect(read(server.url, SECRET)).rejects.toThrow(sentence)
})
