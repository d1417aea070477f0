/** Where A2A agents serve their card, in 1.0 and in 0.3. https://a2a-protocol.org/latest/specification/#82-discovery-mechanisms */
export const CARD_PATHS: readonly [string, string] = ['/.well-known/agent-card.json', '/.well-known/agent.json']
