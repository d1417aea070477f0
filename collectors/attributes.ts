// What an attribute key means to us, in every vocabulary that senders speak. Old and new names of one thing share a slot.
// HTTP, RPC, GenAI: https://opentelemetry.io/docs/specs/semconv/ · OpenInference: https://github.com/Arize-ai/openinference/tree/main/spec

import { ByteTable } from '#server/otlp/byte-table.ts'

/** Places for the values of one span, filled while its bytes are walked. */
export const SLOT = {
  httpStatus: 0,
  httpMethod: 1,
  url: 2,
  peer: 3,
  rpcSystem: 4,
  operation: 5,
  agent: 6,
  model: 7,
  tool: 8,
  conversation: 9,
  inputTokens: 10,
  outputTokens: 11,
  openInferenceKind: 12,
  a2aMethod: 13,
  mcpMethod: 14,
  error: 15,
  requestSize: 16,
  responseSize: 17,
  errorType: 18,
  authority: 19,
  upstreamCluster: 20,
  taskState: 21,
} as const
export const SLOTS = 22

/** Instead of a slot: the value is a prompt, a message, a tool's argument or result. */
export const CONTENT = -2
export const PLAIN = -1

const KEYS: Record<string, number> = {
  'http.response.status_code': SLOT.httpStatus,
  'http.status_code': SLOT.httpStatus,
  'http.request.method': SLOT.httpMethod,
  'http.method': SLOT.httpMethod,
  'url.full': SLOT.url,
  'http.url': SLOT.url,
  'server.address': SLOT.peer,
  'net.peer.name': SLOT.peer,
  'peer.service': SLOT.peer,
  'http.host': SLOT.authority,
  'rpc.system': SLOT.rpcSystem,
  'rpc.system.name': SLOT.rpcSystem,
  'gen_ai.operation.name': SLOT.operation,
  'gen_ai.agent.name': SLOT.agent,
  'agent.name': SLOT.agent,
  'gen_ai.request.model': SLOT.model,
  'gen_ai.response.model': SLOT.model,
  'llm.model_name': SLOT.model,
  'embedding.model_name': SLOT.model,
  'gen_ai.tool.name': SLOT.tool,
  'tool.name': SLOT.tool,
  'gen_ai.conversation.id': SLOT.conversation,
  'session.id': SLOT.conversation,
  'gen_ai.usage.input_tokens': SLOT.inputTokens,
  'gen_ai.usage.prompt_tokens': SLOT.inputTokens,
  'llm.token_count.prompt': SLOT.inputTokens,
  'gen_ai.usage.output_tokens': SLOT.outputTokens,
  'gen_ai.usage.completion_tokens': SLOT.outputTokens,
  'llm.token_count.completion': SLOT.outputTokens,
  'openinference.span.kind': SLOT.openInferenceKind,
  'a2a.method.name': SLOT.a2aMethod,
  'mcp.method.name': SLOT.mcpMethod,
  'a2a.task.state': SLOT.taskState,
  error: SLOT.error, // Envoy: "true"
  request_size: SLOT.requestSize,
  response_size: SLOT.responseSize,
  'error.type': SLOT.errorType,
  'upstream_cluster.name': SLOT.upstreamCluster, // Envoy
}

const CONTENT_KEYS = new Set([
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'gen_ai.system_instructions',
  'gen_ai.prompt',
  'gen_ai.completion',
  'gen_ai.tool.call.arguments',
  'gen_ai.tool.call.result',
  'gen_ai.tool.definitions',
  'gen_ai.event.content',
  'gen_ai.tool.input',
  'gen_ai.tool.output',
  'input.value',
  'output.value',
  'llm.prompts',
  'llm.prompt_template.template',
  'llm.prompt_template.variables',
  'llm.function_call',
  'llm.tools',
  'tool.parameters',
  'tool_call.function.arguments',
  'tool.json_schema',
  'embedding.text',
  'traceloop.entity.input',
  'traceloop.entity.output',
  'mcp.request.argument',
  'langfuse.observation.input',
  'langfuse.observation.output',
  'logfire.json_schema',
  'all_messages_events',
  'pydantic_ai.all_messages',
  'final_result',
  'tool_arguments',
  'tool_response',
  'gcp.vertex.agent.llm_request',
  'gcp.vertex.agent.llm_response',
  'gcp.vertex.agent.tool_call_args',
  'gcp.vertex.agent.tool_response',
])

/** OpenInference and OpenLLMetry number their messages: `llm.input_messages.0.message.content`, `gen_ai.prompt.0.content`. */
const CONTENT_PREFIXES = [
  'gen_ai.prompt.',
  'gen_ai.completion.',
  'gen_ai.input.messages.',
  'gen_ai.output.messages.',
  'llm.input_messages',
  'llm.output_messages',
  'llm.prompts.',
  'llm.completions.',
  'llm.choices.',
  'llm.tools.',
  'retrieval.documents',
  'reranker.input_documents',
  'reranker.output_documents',
  'embedding.embeddings',
  'mcp.request.argument.',
]

/** Within an event named `gen_ai.…` these carry a message as well. */
const EVENT_CONTENT_KEYS = new Set(['content', 'message', 'tool_calls', 'body', 'messages', 'arguments', 'result', 'input', 'output', 'event_body'])

const KNOWN_MAX = 8192

/** The slot of a key, `CONTENT`, or `PLAIN`. */
function meaningOfKey(key: string): number {
  if (CONTENT_KEYS.has(key) || CONTENT_PREFIXES.some((prefix) => key.startsWith(prefix))) return CONTENT
  return Object.hasOwn(KEYS, key) ? KEYS[key]! : PLAIN // own key, so present
}

/** Whether the value of this attribute is a prompt, a message, a tool's argument or result. */
export const isContentKey = (key: string): boolean => meaningOfKey(key) === CONTENT

/** `meaningOfKey` of the key's bytes. */
export const meaningsOfKeys = new ByteTable(KNOWN_MAX, (bytes, from, to) => meaningOfKey(bytes.toString('latin1', from, to)))

/** Whether the attribute of an event, or of a log record, whose key is `bytes[from, to)` carries a message. */
export function isEventContent(eventName: string, bytes: Buffer, from: number, to: number): boolean {
  return meaningsOfKeys.get(bytes, from, to) === CONTENT || (eventName.startsWith('gen_ai.') && EVENT_CONTENT_KEYS.has(bytes.toString('latin1', from, to)))
}

const OPENINFERENCE_OPERATION: Record<string, string> = { AGENT: 'invoke_agent', TOOL: 'execute_tool', LLM: 'chat', EMBEDDING: 'embeddings', RETRIEVER: 'retrieval' }
/** Names that frameworks gave these operations before there was a convention. */
const OPERATION_ALIAS: Record<string, string> = { call_llm: 'chat', 'chat.completions': 'chat', completion: 'text_completion' }

/** https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/#gen-ai-operation-name */
export const GEN_AI_OPERATIONS: ReadonlySet<string> = new Set(['chat', 'create_agent', 'embeddings', 'execute_tool', 'generate_content', 'invoke_agent', 'retrieval', 'text_completion'])

export function genAiOperation(operation: string | null, openInferenceKind: string | null): string | null {
  if (operation !== null) return OPERATION_ALIAS[operation] ?? operation
  return openInferenceKind === null ? null : (OPENINFERENCE_OPERATION[openInferenceKind.toUpperCase()] ?? null)
}

/** Spans of an Envoy's connection pool to the outside name the host in their URL or authority. */
export function hostOfUrl(url: string): string | null {
  const match = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^/?#@]*@)?(\[[^\]]+\]|[^/?#:]+)/i.exec(url)
  return match ? match[1]!.toLowerCase() : null // group 1 takes part in every match
}
