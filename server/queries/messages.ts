// Prompts and answers of a GenAI span, from whichever convention its instrumentation follows.

export interface Message {
  role: string
  content: string
}
interface Attribute {
  key: string
  value: unknown
}

const MESSAGES_MAX = 200

/** In the order of the conversation. */
export function messagesOf(attributes: readonly Attribute[], events: readonly { name: string; attributes: readonly Attribute[] }[]): Message[] {
  const value = new Map(attributes.map((attribute) => [attribute.key, attribute.value]))
  const found = [
    ...textMessages('system', value.get('gen_ai.system_instructions')),
    ...listMessages('user', value.get('gen_ai.input.messages')),
    ...numbered(attributes, /^(?:llm\.input_messages|gen_ai\.prompt)\.(\d+)\.(?:message\.)?(role|content)$/),
    ...eventMessages(events),
    ...listMessages('assistant', value.get('gen_ai.output.messages')),
    ...numbered(attributes, /^(?:llm\.output_messages|gen_ai\.completion)\.(\d+)\.(?:message\.)?(role|content)$/),
    ...textMessages('tool call', value.get('gen_ai.tool.call.arguments') ?? value.get('tool.parameters')),
    ...textMessages('tool result', value.get('gen_ai.tool.call.result')),
  ]
  const all = found.length > 0 ? found : [...textMessages('input', value.get('input.value')), ...textMessages('output', value.get('output.value'))]
  return all.slice(0, MESSAGES_MAX)
}

function textMessages(role: string, value: unknown): Message[] {
  return value === undefined || value === null || value === '' ? [] : [{ role, content: contentOf(parsed(value)) }]
}

/** `gen_ai.input.messages`: a list of `{role, parts: [{type, content}]}`, as JSON text or as a structured value. */
function listMessages(role: string, value: unknown): Message[] {
  const list = parsed(value)
  if (!Array.isArray(list)) return textMessages(role, list)
  return list.map((item: unknown) => (isRecord(item) ? { role: typeof item['role'] === 'string' ? item['role'] : role, content: contentOf(item['parts'] ?? item['content'] ?? item) } : { role, content: contentOf(item) }))
}

/** `llm.input_messages.0.message.role` and `gen_ai.prompt.0.content`: one attribute a field. */
function numbered(attributes: readonly Attribute[], pattern: RegExp): Message[] {
  const messages = new Map<number, Message>()
  for (const { key, value } of attributes) {
    const match = pattern.exec(key)
    if (!match) continue
    const index = Number(match[1])
    const message = messages.get(index) ?? { role: '', content: '' }
    messages.set(index, match[2] === 'role' ? { ...message, role: String(value) } : { ...message, content: contentOf(value) })
  }
  return [...messages].sort(([a], [b]) => a - b).map(([, message]) => message)
}

function eventMessages(events: readonly { name: string; attributes: readonly Attribute[] }[]): Message[] {
  return events.flatMap(({ name, attributes }) => {
    const role = /^gen_ai\.(system|user|assistant|tool)\.message$/.exec(name)?.[1] ?? (name === 'gen_ai.choice' ? 'assistant' : null)
    const value = new Map(attributes.map((attribute) => [attribute.key, attribute.value]))
    if (role !== null) return textMessages(role, value.get('content') ?? value.get('message') ?? value.get('gen_ai.event.content'))
    return [...listMessages('user', value.get('gen_ai.input.messages')), ...listMessages('assistant', value.get('gen_ai.output.messages'))]
  })
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    return JSON.parse(value)
  } catch {
    return value // text that only looks like JSON
  }
}

function contentOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(contentOf).join('\n')
  if (isRecord(value)) {
    const text = value['content'] ?? value['text']
    if (typeof text === 'string') return text
  }
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
