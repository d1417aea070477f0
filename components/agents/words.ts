import type { AgentLevel, AgentSummary } from '#server/contracts/overview.ts'

const PROTOCOLS = { a2a: 'A2A', mcp: 'MCP', http: 'HTTP', grpc: 'gRPC', tcp: 'TCP' } as const

/** `A2A agent, 2 versions`, `MCP server`, `model`, `unknown peer`. */
export function describeType({ type, protocol, versions }: Pick<AgentSummary, 'type' | 'protocol' | 'versions'>): string {
  const named = protocol === null || protocol === 'http' ? '' : `${PROTOCOLS[protocol]} `
  const what = type === 'unknown' ? 'unknown peer' : type === 'tool' && protocol === 'mcp' ? 'server' : type
  return `${named}${what}${versions.length > 1 ? `, ${versions.length} versions` : ''}`
}

export function describeProtocol(protocol: AgentSummary['protocol']): string {
  return protocol === null ? 'unknown' : PROTOCOLS[protocol]
}

/** How far an agent has come, in the order of the way. */
export const LEVELS: readonly { id: AgentLevel; title: string; says: string }[] = [
  { id: 'traces', title: 'Traces only', says: 'Heddle sees what its spans tell. Nothing of it is steered or protected.' },
  { id: 'sidecar', title: 'Sidecar', says: 'A sidecar stands beside it and has not yet taken its identity.' },
  { id: 'permissive', title: 'mTLS, permissive', says: 'It takes mTLS and plaintext, so that callers can move one by one.' },
  { id: 'strict', title: 'mTLS, strict', says: 'It takes calls with an identity of this mesh alone.' },
]

export function levelTitle(level: AgentLevel): string {
  return LEVELS.find((each) => each.id === level)?.title ?? level
}

export interface NextStep {
  says: string
  command: string | null
}

/** What brings an agent to the next level, with the exact command; null at the last one. */
export function nextStep(level: AgentLevel, agent: { namespace: string; name: string; version: string }): NextStep | null {
  const where = agent.namespace === 'default' ? '' : ` --namespace ${agent.namespace}`
  switch (level) {
    case 'traces':
      return { says: 'Start a sidecar beside it, on its machine. The agent itself stays as it is; give the port that it listens on.', command: `npx heddle sidecar --agent ${agent.name}${where} --version ${agent.version} --port 8000` }
    case 'sidecar':
      return { says: 'Its sidecar has enrolled but holds no identity yet. This says what is missing.', command: 'npx heddle doctor' }
    case 'permissive':
      return { says: 'When no caller comes in plaintext any more, take mTLS alone.', command: `npx heddle get agent ${agent.name}${where} -o yaml | sed 's/mtls: permissive/mtls: strict/' | npx heddle apply -f -` }
    case 'strict':
      return null
  }
}
