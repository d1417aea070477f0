// Calls another agent of the fleet over A2A, as any client of the SDK would: read the card, follow its URL.
import { Role } from '@a2a-js/sdk'
import { ClientFactory, DefaultAgentCardResolver, JsonRpcTransportFactory, type Client } from '@a2a-js/sdk/client'
import { textMessage, textOf } from './a2a-server.ts'
import { meshUrl, type Role as Name } from './fleet.ts'
import { invokeRemoteAgent } from './genai.ts'

export type CallAgent = (name: Name, text: string, contextId: string) => Promise<string>

/** A caller that keeps one client for each agent; the card is read at the first call. */
export function agentCaller(fetchImpl: typeof fetch): CallAgent {
  const factory = new ClientFactory({
    transports: [new JsonRpcTransportFactory({ fetchImpl })],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
  })
  const clients = new Map<Name, Promise<Client>>()
  const clientOf = (name: Name): Promise<Client> => {
    const known = clients.get(name)
    if (known) return known
    const client = factory.createFromUrl(meshUrl(name))
    clients.set(name, client)
    client.catch(() => clients.delete(name)) // the next call tries again
    return client
  }
  return (name, text, contextId) => {
    const message = textMessage(Role.ROLE_USER, text, contextId)
    return invokeRemoteAgent(name, contextId, message.messageId, async () => {
      const client = await clientOf(name)
      const result = await client.sendMessage({ tenant: '', message, configuration: undefined, metadata: undefined })
      if ('parts' in result) return textOf(result)
      const failure = result.status?.message
      throw new Error(failure ? `${name}: ${textOf(failure)}` : `${name} answered with a task in state ${result.status?.state ?? 'unknown'}`)
    })
  }
}
