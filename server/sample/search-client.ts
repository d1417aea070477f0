import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { z } from 'zod'
import { meshUrl } from './fleet.ts'

const ToolText = z.object({ isError: z.boolean().optional(), content: z.array(z.object({ type: z.literal('text'), text: z.string() })).min(1) })

/** The researcher's MCP client; connects at the first search and again after a failure. */
export function searchClient(fetchImpl: typeof fetch): (query: string) => Promise<string> {
  let connected: Promise<Client> | undefined
  const connect = async () => {
    const client = new Client({ name: 'researcher', version: '1' })
    await client.connect(new StreamableHTTPClientTransport(new URL('mcp', meshUrl('search-tools')), { fetch: fetchImpl }))
    return client
  }
  return async (query) => {
    connected ??= connect()
    try {
      const client = await connected
      const result = ToolText.parse(await client.callTool({ name: 'search', arguments: { query } }))
      const text = result.content.map((part) => part.text).join('\n')
      if (result.isError) throw new Error(`search failed: ${text}`)
      return text
    } catch (error) {
      connected = undefined
      throw error
    }
  }
}
