import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { z } from 'zod'
import { searchLibrary } from '../library.ts'
import type { MountRole } from './role.ts'

/** An MCP server without sessions: each request stands alone, so any replica may answer it. */
export const mountSearchTools: MountRole = ({ app, options }) => {
  app.post('/mcp', async (request, response) => {
    const server = createServer(options.version)
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true })
    response.on('close', () => {
      void transport.close()
      void server.close()
    })
    await server.connect(transport)
    await transport.handleRequest(request, response, request.body)
  })
  app.all('/mcp', (_request, response) => {
    response.status(405).set('allow', 'POST').json({ jsonrpc: '2.0', id: null, error: { code: -32000, message: 'This server keeps no session; only POST is served' } })
  })
}

function createServer(version: string): McpServer {
  const server = new McpServer({ name: 'search-tools', version })
  const inputSchema = { query: z.string().min(1).max(1000) }
  server.registerTool('search', { title: 'Search', description: 'Finds passages about a topic in the library', inputSchema }, ({ query }) => ({
    content: [{ type: 'text', text: searchLibrary(query) }],
  }))
  return server
}
