import type { NodeKind } from '#server/contracts/telemetry.ts'
import type { IconName } from '#components/ui/Icon.tsx'

export function iconOf(kind: NodeKind): IconName {
  return ({ agent: 'agent', agentversion: 'agent', tool: 'tool', model: 'model', gateway: 'gateway', external: 'external', unknown: 'unknown' } as const)[kind]
}
