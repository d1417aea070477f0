// Serves a role over A2A: 1.0, and 0.3 through the SDK's compatibility layer. The reply is one message, or a failed task.
import { Role, TaskState, type Message, type Task } from '@a2a-js/sdk'
import { AgentEvent, DefaultRequestHandler, type AgentExecutor } from '@a2a-js/sdk/server'
import { agentCardHandler, jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express'
import type { Express } from 'express'
import { randomUUID } from 'node:crypto'
import { agentCard } from './card.ts'
import type { Member } from './fleet.ts'
import { invokeAgent, tellTask } from './genai.ts'
import { RecentTasks } from './recent-tasks.ts'

/** A role's work: text in, text out, within one conversation. */
export type Answer = (text: string, contextId: string) => Promise<string>

type Work = (text: string, task: { id: string; contextId: string }) => Promise<string>

/** Mounts the agent card and the JSON-RPC endpoint at `/`. */
export function serveA2A(app: Express, member: Member, version: string, answer: Answer): void {
  const traced: Work = (text, task) =>
    invokeAgent({ name: member.role, description: member.description, version }, task.contextId, text, () => tellTask(task.id, () => answer(text, task.contextId)))
  const requestHandler = new DefaultRequestHandler(agentCard(member, version), new RecentTasks(), executorOf(traced))
  app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: requestHandler, legacyCompat: { enabled: true } }))
  app.use('/', jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication, legacyCompat: { enabled: true } }))
}

function executorOf(work: Work): AgentExecutor {
  return {
    async execute({ userMessage, contextId, taskId }, bus) {
      try {
        const reply = await work(textOf(userMessage), { id: taskId, contextId })
        bus.publish(AgentEvent.message(textMessage(Role.ROLE_AGENT, reply, contextId)))
      } catch (error) {
        bus.publish(AgentEvent.task(failedTask(taskId, contextId, error)))
      }
      bus.finished()
    },
    async cancelTask() {}, // a reply is one message; there is no task to cancel
  }
}

/** What a caller sees of a failure: a task that ended in `failed`, with the sentence. */
function failedTask(id: string, contextId: string, error: unknown): Task {
  const message = textMessage(Role.ROLE_AGENT, error instanceof Error ? error.message : String(error), contextId)
  return { id, contextId, status: { state: TaskState.TASK_STATE_FAILED, message, timestamp: new Date().toISOString() }, artifacts: [], history: [], metadata: undefined }
}

/** All text parts of a message. */
export function textOf(message: Message): string {
  return message.parts.map((part) => (part.content?.$case === 'text' ? part.content.value : '')).join('\n')
}

export function textMessage(role: Role, text: string, contextId: string): Message {
  return {
    messageId: randomUUID(),
    contextId,
    taskId: '',
    role,
    parts: [{ content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: 'text/plain' }],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  }
}
