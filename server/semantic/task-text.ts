// What a call asks for, in whichever body it comes: A2A 1.0 and 0.3 (JSON-RPC and REST, streaming or not), MCP tools/call, OpenAI-style chat,
// plain JSON and plain text. Nothing of it is kept here.
import { parseJson } from '../fetch/json.ts'

export interface Task {
  form: 'a2a' | 'mcp' | 'chat' | 'json' | 'text'
  text: string
  /** Of an A2A conversation, or of a chat that says one. */
  contextId: string | null
}

/** What is read of a task; the model reads the beginning of that. */
export const TEXT_MAX = 4000
/** Before spaces that say nothing are taken out. */
const READ_MAX = 4 * TEXT_MAX
const STRINGS_MAX = 200
const CONTEXT_MAX = 256

/** The task, or a sentence that says why there is none. */
export function readTask(body: Buffer, contentType: string): Task | { reason: string } {
  if (body.length === 0) return { reason: 'the call has no body' }
  const reason = whyUnreadable(contentType)
  if (reason !== null) return { reason }
  if (mediaTypeOf(contentType).startsWith('text/')) return asTask('text', decode(body), null)
  let value: unknown
  try {
    value = parseJson(decode(body) ?? '')
  } catch (error) {
    return { reason: `the body cannot be read: ${(error as Error).message}` } // parseJson throws MeshError alone
  }
  return isRecord(value) ? readRecord(value) : { reason: 'the body is JSON, but no object' }
}

/** Why a body of this type holds no task for us; null for text, JSON of any name, and a body that says no type. */
export function whyUnreadable(contentType: string): string | null {
  const type = mediaTypeOf(contentType)
  const readable = type === '' || (type.endsWith('json') && !type.startsWith('application/grpc')) || type.startsWith('text/')
  return readable ? null : `a body of type ${type.slice(0, 64)} is not read`
}

function mediaTypeOf(contentType: string): string {
  return contentType.split(';')[0]?.trim().toLowerCase() ?? ''
}

function decode(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return null // binary under a type that says text
  }
}

function readRecord(value: Record<string, unknown>): Task | { reason: string } {
  const params = isRecord(value['params']) ? value['params'] : null
  if (typeof value['method'] === 'string' && params) {
    if (value['method'] === 'tools/call') return asTask('mcp', `${textOf(params['name'])} ${stringsOf(params['arguments']).join(' ')}`, null)
    return isRecord(params['message']) ? readMessage(params['message']) : { reason: `the method ${value['method'].slice(0, 64)} carries no task` }
  }
  if (isRecord(value['message']) && Array.isArray(value['message']['parts'])) return readMessage(value['message'])
  if (Array.isArray(value['messages'])) return asTask('chat', lastOfUser(value['messages']), conversationOf(value))
  for (const name of ['task', 'text', 'query', 'question', 'prompt', 'input', 'message', 'content']) {
    const said = value[name]
    if (typeof said === 'string') return asTask('json', said, conversationOf(value))
    if (name === 'input' && Array.isArray(said)) return asTask('chat', lastOfUser(said), conversationOf(value))
  }
  return asTask('json', stringsOf(value).join(' '), conversationOf(value))
}

/** Parts are `{text}` in 1.0 and `{kind: 'text', text}` in 0.3; data counts with what words it has. */
function readMessage(message: Record<string, unknown>): Task | { reason: string } {
  const parts = Array.isArray(message['parts']) ? message['parts'] : Array.isArray(message['content']) ? message['content'] : []
  const texts = parts.filter(isRecord).map((part) => (typeof part['text'] === 'string' ? part['text'] : stringsOf(part['data']).join(' ')))
  const context = message['contextId'] ?? message['context_id']
  return asTask('a2a', texts.join('\n'), typeof context === 'string' && context !== '' ? context.slice(0, CONTEXT_MAX) : null)
}

function lastOfUser(messages: readonly unknown[]): string {
  const said = messages.filter(isRecord).filter((message) => message['role'] === 'user').at(-1)
  const content = said?.['content']
  if (typeof content === 'string') return content
  return Array.isArray(content) ? content.filter(isRecord).map((part) => textOf(part['text'])).join('\n') : ''
}

function conversationOf(value: Record<string, unknown>): string | null {
  const id = value['contextId'] ?? value['conversation_id'] ?? value['conversationId'] ?? value['conversation']
  return typeof id === 'string' && id !== '' ? id.slice(0, CONTEXT_MAX) : null
}

/** Strings anywhere within, in order. `parseJson` has bounded the depth. */
function stringsOf(value: unknown): string[] {
  const found: string[] = []
  const walk = (one: unknown): void => {
    if (found.length >= STRINGS_MAX) return
    if (typeof one === 'string') found.push(one.slice(0, TEXT_MAX))
    else if (typeof one === 'object' && one !== null) Object.values(one).forEach(walk)
  }
  walk(value)
  return found
}

function asTask(form: Task['form'], text: string | null, contextId: string | null): Task | { reason: string } {
  const plain = text?.slice(0, READ_MAX).replace(/\s+/g, ' ').trim().slice(0, TEXT_MAX) ?? ''
  return plain === '' ? { reason: 'the call says nothing that could be compared' } : { form, text: plain, contextId }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
