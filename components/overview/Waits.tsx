import type { Wait } from '#server/contracts/overview.ts'
import { paths } from '#components/paths.ts'
import { ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'

/** What waits for a person, worst first, each with the place where it is dealt with. */
export function Waits({ waits }: { waits: readonly Wait[] }) {
  return (
    <Card title="Waits for you">
      {waits.length === 0 && <p className="m-0 text-base text-muted">Nothing. No objective is in danger, no proxy refuses, no rotation waits, no certificate is late.</p>}
      <ul className="m-0 list-none p-0">
        {waits.map((wait, index) => {
          const { href, action } = whereTo(wait)
          return (
            <li key={`${wait.kind} ${wait.subject} ${index}`} className="flex items-start gap-3 border-b border-line py-2.5 first:pt-0 last:border-0 last:pb-0">
              <StateMark state={wait.state} className="mt-[5px]" />
              <div className="min-w-0 flex-1">
                <p className="m-0 font-medium break-words">{wait.title}</p>
                <p className="m-0 line-clamp-3 text-base break-words text-muted">{wait.detail}</p>
              </div>
              <ButtonLink small href={href} aria-label={`${action}: ${wait.title}`}>{action}</ButtonLink>
            </li>
          )
        })}
      </ul>
    </Card>
  )
}

function whereTo(wait: Wait): { href: string; action: string } {
  switch (wait.kind) {
    case 'alert': {
      const [namespace = '', name = ''] = wait.subject.split('/')
      return wait.subject ? { href: paths.policy('objectives', namespace, name), action: 'See it' } : { href: paths.policies('objectives'), action: 'See all' }
    }
    case 'refused':
      return wait.subject ? { href: paths.change(Number(wait.subject)), action: 'See why' } : { href: paths.proxies({ state: 'rejected' }), action: 'See all' }
    case 'rotation':
      return { href: paths.rotation(wait.subject), action: 'Review' }
    case 'certificate':
      return { href: paths.security(), action: 'See it' }
    case 'disconnected':
      return { href: paths.proxies({ state: 'disconnected' }), action: 'See it' }
    case 'unknown-peer':
      return { href: wait.subject ? paths.graph({ select: wait.subject }) : paths.agents({ kind: 'unknown' }), action: 'Show it' }
    case 'telemetry':
      return { href: paths.settings(), action: 'See it' }
  }
}
