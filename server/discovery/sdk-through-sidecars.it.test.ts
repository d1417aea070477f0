// An agent of the A2A SDK that answers in pieces and notifies by webhook, called directly and through two sidecars: the answers are the same.
import { Role, TaskState, type AgentCard, type Message, type StreamResponse } from '@a2a-js/sdk'
import { ClientFactory, DefaultAgentCardResolver, JsonRpcTransportFactory } from '@a2a-js/sdk/client'
import { AgentEvent, DefaultPushNotificationSender, DefaultRequestHandler, InMemoryPushNotificationStore, InMemoryTaskStore, type AgentExecutor } from '@a2a-js/sdk/server'
import { agentCardHandler, jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express'
import express from 'express'
import { expect, test, vi } from 'vitest'
import { testDatabase } from '../testing/database.ts'
import { eventually } from '../testing/load.ts'
import { startSidecarMesh } from '../testing/sidecar-mesh.ts'
import { fetchThrough, ownPort } from '../testing/through-sidecar.ts'

const WEAVER = 'http://weaver.default.mesh/'
const part = (text: string) => ({ content: { $case: 'text' as const, value: text }, metadata: undefined, filename: '', mediaType: 'text/plain' })
const message = (text: string): Message => ({ messageId: 'asked', contextId: '', taskId: '', role: Role.ROLE_USER, parts: [part(text)], metadata: undefined, extensions: [], referenceTaskIds: [] })

const CARD: AgentCard = {
  name: 'weaver', description: 'weaves', version: '1', provider: undefined, documentationUrl: '', iconUrl: '', securitySchemes: {}, securityRequirements: [], signatures: [],
  supportedInterfaces: ['1.0', '0.3'].map((protocolVersion) => ({ url: WEAVER, protocolBinding: 'JSONRPC', protocolVersion, tenant: '' })),
  capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: false, extensions: [] },
  defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'],
  skills: [{ id: 'weave', name: 'weave', description: 'weaves cloth', tags: [], examples: [], inputModes: [], outputModes: [], securityRequirements: [] }],
}

/** A task that works, gives three pieces of cloth, and is done. */
const executor: AgentExecutor = {
  async execute({ taskId, contextId, userMessage }, bus) {
    const status = (state: TaskState) => ({ state, message: undefined, timestamp: new Date().toISOString() })
    bus.publish(AgentEvent.task({ id: taskId, contextId, status: status(TaskState.TASK_STATE_WORKING), artifacts: [], history: [userMessage], metadata: undefined }))
    for (const piece of ['warp', 'weft', 'cloth']) {
      const artifact = { artifactId: 'cloth', name: 'cloth', description: '', parts: [part(piece)], metadata: undefined, extensions: [] }
      bus.publish(AgentEvent.artifactUpdate({ taskId, contextId, artifact, append: piece !== 'warp', lastChunk: piece === 'cloth', metadata: undefined }))
    }
    bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status: status(TaskState.TASK_STATE_COMPLETED), metadata: undefined }))
    bus.finished()
  },
  async cancelTask() {},
}

function startWeaver() {
  const app = express()
  const store = new InMemoryPushNotificationStore()
  const requestHandler = new DefaultRequestHandler(CARD, new InMemoryTaskStore(), executor, undefined, store, new DefaultPushNotificationSender(store))
  app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: requestHandler, legacyCompat: { enabled: true } }))
  app.use('/', jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication, legacyCompat: { enabled: true } }))
  return app
}

/** What differs from one call to the next is left out. */
const comparable = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, field: unknown) => (['id', 'taskId', 'contextId', 'timestamp', 'messageId'].includes(key) ? '…' : field)))

test('streams and push notifications of an SDK agent are the same through two sidecars as without, in 1.0 and in 0.3', async () => {
  await using mesh = await startSidecarMesh(await testDatabase())
  const heard: { token: unknown; caller: unknown; body: unknown }[] = []
  const webhook = express().post('/hook', express.json({ type: () => true }), ({ body, headers }, response) => {
    heard.push({ token: headers['x-a2a-notification-token'], caller: headers['x-forwarded-client-cert'], body })
    response.end()
  })
  const [weaving, buyer] = [await mesh.join('weaver', { answer: startWeaver() }), await mesh.join('buyer', { answer: webhook })]
  await using own = new AsyncDisposableStack()
  const [viaWeaver, viaBuyer] = [fetchThrough(mesh, weaving, own), fetchThrough(mesh, buyer, own)]
  const direct = globalThis.fetch
  // The agent's own fetch: names of the mesh go to its sidecar, as HTTP_PROXY says.
  const spy = vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => (String(input).includes('.mesh/') ? viaWeaver : direct)(input, init))
  own.defer(() => spy.mockRestore())

  const ask = async (fetchImpl: typeof fetch, url: string, protocolVersion: string, hook: string) => {
    heard.length = 0
    const card = await new DefaultAgentCardResolver({ fetchImpl, legacyCompat: { enabled: true } }).resolve(url)
    const client = await new ClientFactory({ transports: [new JsonRpcTransportFactory({ fetchImpl, legacyCompat: { enabled: true } })] }).createFromAgentCard({ ...card, supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion, tenant: '' }] })
    const push = { tenant: '', id: 'hook', taskId: '', url: hook, token: 'secret', authentication: undefined }
    const events: StreamResponse[] = []
    for await (const event of client.sendMessageStream({ tenant: '', message: message('weave'), configuration: { acceptedOutputModes: [], taskPushNotificationConfig: push, returnImmediately: false }, metadata: undefined })) events.push(event)
    await eventually('every notification came', 20_000, () => heard.length >= events.length)
    return { events: comparable(events), heard: comparable(heard.map(({ token, body }) => ({ token, body }))), whole: comparable(await client.sendMessage({ tenant: '', message: message('weave'), configuration: undefined, metadata: undefined })) }
  }
  for (const version of ['1.0', '0.3']) {
    const without = await ask(direct, `http://127.0.0.1:${ownPort(weaving)}/`, version, `http://127.0.0.1:${ownPort(buyer)}/hook`)
    const within = await ask(viaBuyer, WEAVER, version, 'http://buyer.default.mesh/hook')
    expect(within).toEqual(without)
    expect(JSON.stringify(within.events)).toContain('cloth')
    expect(JSON.stringify(within.heard)).toContain('secret')
  }
  // The last notifications came by way of both sidecars: the buyer's says who called.
  expect(heard.every(({ caller }) => String(caller).includes('spiffe://weave.test/ns/default/agent/weaver'))).toBe(true)
}, 240_000)
