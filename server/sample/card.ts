import type { AgentCard } from '@a2a-js/sdk'
import { meshUrl, type Member } from './fleet.ts'

/** The agent card, 1.0 with a 0.3 interface beside it; both URLs lead through the caller's sidecar. */
export function agentCard(member: Member, version: string): AgentCard {
  const url = meshUrl(member.role)
  return {
    name: member.role,
    description: member.description,
    version,
    supportedInterfaces: [
      { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: '' },
      { url, protocolBinding: 'JSONRPC', protocolVersion: '0.3', tenant: '' },
    ],
    provider: { organization: 'Heddle sample fleet', url: 'https://example.com/heddle-sample' },
    capabilities: { streaming: true, pushNotifications: false, extendedAgentCard: false, extensions: [] },
    securitySchemes: {},
    securityRequirements: [],
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: member.skills.map((skill) => ({ ...skill, inputModes: ['text/plain'], outputModes: ['text/plain'], securityRequirements: [] })),
    signatures: [],
  }
}
