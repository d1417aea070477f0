import type { RequestHandler } from 'express'
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { serveA2A } from '../a2a-server.ts'
import { currentRequest } from '../current-request.ts'
import { invokeAgent } from '../genai.ts'
import type { MountRole, RoleContext } from './role.ts'

const TaskRequest = z.strictObject({ task: z.string().trim().min(1).max(4000) })

/** Takes `{"task": "…"}` over plain HTTP, and A2A messages, both at `POST /`. */
export const mountGateway: MountRole = (context) => {
  context.app.post('/', takeTask(context))
  serveA2A(context.app, context.member, context.options.version, (text, contextId) => context.callAgent('orchestrator', text, contextId))
}

function takeTask({ callAgent, member, options }: RoleContext): RequestHandler {
  const agent = { name: member.role, description: member.description, version: options.version }
  return async (request, response, next) => {
    if (isJsonRpc(request.body)) return next()
    const body = TaskRequest.safeParse(request.body)
    if (!body.success) {
      response.status(400).json({ error: { message: 'send JSON {"task": "…"} with 1 to 4000 characters, or an A2A message' } })
      return
    }
    const contextId = randomUUID()
    const { task } = body.data
    try {
      const result = await invokeAgent(agent, contextId, task, () => callAgent('orchestrator', task, contextId))
      response.json({ result, contextId, versions: versionsSeen() })
    } catch (error) {
      // 502: the gateway itself is well, an agent behind it is not.
      response.status(502).json({ error: { message: error instanceof Error ? error.message : String(error) }, contextId, versions: versionsSeen() })
    }
  }
}

function isJsonRpc(body: unknown): boolean {
  return Array.isArray(body) || (typeof body === 'object' && body !== null && 'jsonrpc' in body)
}

function versionsSeen(): Record<string, string> {
  const translator = currentRequest.getStore()?.versionSeen
  return translator === undefined ? {} : { translator }
}
