import { randomUUID } from 'node:crypto'
import { serveA2A } from '../a2a-server.ts'
import { executeTool } from '../genai.ts'
import { searchClient } from '../search-client.ts'
import type { MountRole } from './role.ts'

const TOOL = { name: 'search', description: 'Finds passages about a topic in the library' }

/** Searches, then asks the model to keep what matters. */
export const mountResearcher: MountRole = ({ app, options, member, askModel, fetchImpl }) => {
  const search = searchClient(fetchImpl)
  serveA2A(app, member, options.version, async (topic, contextId) => {
    const passages = await executeTool(TOOL, randomUUID(), contextId, { query: topic }, () => search(topic))
    return askModel('You keep the facts that matter, as notes.', passages, contextId)
  })
}
