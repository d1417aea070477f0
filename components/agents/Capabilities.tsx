import type { AgentDetail } from '#server/contracts/overview.ts'
import { Card } from '#components/ui/Card.tsx'
import { Tag } from '#components/ui/Tag.tsx'

/** What its card says that it can do. Somebody else wrote it: it is shown as text and nothing more. */
export function Capabilities({ agent }: { agent: Pick<AgentDetail, 'capabilities' | 'description'> }) {
  if (agent.capabilities.length === 0 && agent.description === '') return null
  return (
    <Card title="What it says of itself" note="from its card">
      {agent.description && <p className="m-0 mb-3 break-words whitespace-pre-line text-muted">{agent.description}</p>}
      <ul className="m-0 grid list-none gap-3 p-0">
        {agent.capabilities.map((capability) => (
          <li key={capability.id}>
            <p className="m-0 flex flex-wrap items-center gap-2 font-medium break-words">
              {capability.name || capability.id}
              <span className="font-mono text-[12px] font-normal text-faint">{capability.id}</span>
              {capability.tags.slice(0, 8).map((tag) => <Tag key={tag}>{tag}</Tag>)}
            </p>
            {capability.description && <p className="m-0 text-base break-words text-muted">{capability.description}</p>}
          </li>
        ))}
      </ul>
    </Card>
  )
}
