// Spans by the GenAI semantic conventions. Message content is recorded: the sample fleet opts in, its texts are made up.
// https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/
import { SpanKind, trace, type Span } from '@opentelemetry/api'
import { inSpan } from './tracing.ts'

export const PROVIDER = 'heddle.sample'

/** The agent's own work on one message. */
export function invokeAgent(agent: { name: string; description: string; version: string }, contextId: string, input: string, work: () => Promise<string>): Promise<string> {
  const attributes = {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.provider.name': PROVIDER,
    'gen_ai.agent.name': agent.name,
    'gen_ai.agent.description': agent.description,
    'gen_ai.agent.version': agent.version,
    'gen_ai.conversation.id': contextId,
    'gen_ai.input.messages': messages('user', input),
  }
  return inSpan(`invoke_agent ${agent.name}`, SpanKind.INTERNAL, attributes, async (span) => recordOutput(span, await work()))
}

/** The agent's span says how the A2A task ended that it works on. */
export async function tellTask(id: string, work: () => Promise<string>): Promise<string> {
  const span = trace.getActiveSpan()
  span?.setAttributes({ 'a2a.task.id': id, 'a2a.task.state': 'failed' }) // unless it comes to its end
  const text = await work()
  span?.setAttribute('a2a.task.state', 'completed')
  return text
}

/** A call to another agent over A2A. */
export function invokeRemoteAgent(name: string, contextId: string, messageId: string, work: () => Promise<string>): Promise<string> {
  const attributes = {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.provider.name': PROVIDER,
    'gen_ai.agent.name': name,
    'gen_ai.conversation.id': contextId,
    'a2a.method.name': 'SendMessage',
    'a2a.message.id': messageId,
    'a2a.protocol.version': '1.0',
    'server.address': `${name}.default.mesh`,
    'server.port': 80,
  }
  return inSpan(`invoke_agent ${name}`, SpanKind.CLIENT, attributes, work)
}

/** A chat completion; `work` reports what the model answered on the span with `recordChat`. */
export function chat<T>(model: string, contextId: string, prompt: { system: string; user: string }, work: (span: Span) => Promise<T>): Promise<T> {
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': PROVIDER,
    'gen_ai.request.model': model,
    'gen_ai.request.temperature': 0,
    'gen_ai.conversation.id': contextId,
    'gen_ai.system_instructions': JSON.stringify([{ type: 'text', content: prompt.system }]),
    'gen_ai.input.messages': messages('user', prompt.user),
    'server.address': 'sample-llm.default.mesh',
    'server.port': 80,
  }
  return inSpan(`chat ${model}`, SpanKind.CLIENT, attributes, work)
}

export interface ChatOutcome {
  id: string
  model: string
  text: string
  inputTokens: number
  outputTokens: number
}

export function recordChat(span: Span, outcome: ChatOutcome): void {
  span.setAttributes({
    'gen_ai.response.id': outcome.id,
    'gen_ai.response.model': outcome.model,
    'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.usage.input_tokens': outcome.inputTokens,
    'gen_ai.usage.output_tokens': outcome.outputTokens,
    'gen_ai.output.messages': messages('assistant', outcome.text, 'stop'),
  })
}

/** One use of a tool: the decision and its result (INTERNAL), around the MCP call (CLIENT). */
export function executeTool(tool: { name: string; description: string }, callId: string, contextId: string, argument: object, work: () => Promise<string>): Promise<string> {
  const attributes = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': tool.name,
    'gen_ai.tool.description': tool.description,
    'gen_ai.tool.type': 'function',
    'gen_ai.tool.call.id': callId,
    'gen_ai.tool.call.arguments': JSON.stringify(argument),
    'gen_ai.conversation.id': contextId,
  }
  const mcp = { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': tool.name, 'network.transport': 'tcp', 'server.address': 'search-tools.default.mesh', 'server.port': 80 }
  return inSpan(`execute_tool ${tool.name}`, SpanKind.INTERNAL, attributes, async (span) => {
    const result = await inSpan(`tools/call ${tool.name}`, SpanKind.CLIENT, mcp, work)
    span.setAttribute('gen_ai.tool.call.result', result)
    return result
  })
}

function recordOutput(span: Span, text: string): string {
  span.setAttribute('gen_ai.output.messages', messages('assistant', text, 'stop'))
  return text
}

function messages(role: 'user' | 'assistant', content: string, finishReason?: string): string {
  return JSON.stringify([{ role, parts: [{ type: 'text', content }], ...(finishReason ? { finish_reason: finishReason } : {}) }])
}
