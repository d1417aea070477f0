// What a policy that names MCP tools lets pass: those tools, and for Allow what a client needs to get as far as calling one.
// https://modelcontextprotocol.io/specification

export const TOOL_CALL = 'tools/call'

/** They use no tool, prompt or resource; a client that may call one tool cannot do without. Notifications come besides. */
export const SESSION_METHODS = ['initialize', 'ping', 'tools/list', 'server/discover', 'logging/setLevel'] as const
export const NOTIFICATIONS = 'notifications/'
/** Of HTTP: GET opens the stream of answers, DELETE ends a session. */
export const SESSION_HTTP = ['GET', 'DELETE'] as const

export interface McpCall {
  /** Of HTTP. */
  httpMethod: string
  /** Of JSON-RPC; '' for a call that says none. */
  method: string
  /** Of the tool. */
  name: string
}

export function allowsTool(tools: readonly string[], { httpMethod, method, name }: McpCall): boolean {
  if (method === TOOL_CALL) return tools.includes(name)
  return SESSION_METHODS.some((one) => one === method) || method.startsWith(NOTIFICATIONS) || SESSION_HTTP.some((one) => one === httpMethod)
}

export function deniesTool(tools: readonly string[], { method, name }: McpCall): boolean {
  return method === TOOL_CALL && tools.includes(name)
}
