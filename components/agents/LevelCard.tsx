import type { AgentDetail } from '#server/contracts/overview.ts'
import { Card } from '#components/ui/Card.tsx'
import { classes } from '#components/ui/classes.ts'
import { Copyable } from '#components/ui/Copyable.tsx'
import { Icon } from '#components/ui/Icon.tsx'
import { LEVELS, nextStep } from './words.ts'

/** How far the agent has come, and the one command to the next level. */
export function LevelCard({ agent }: { agent: Pick<AgentDetail, 'level' | 'namespace' | 'name' | 'versions'> }) {
  const at = LEVELS.findIndex((level) => level.id === agent.level)
  const next = nextStep(agent.level, { namespace: agent.namespace ?? 'default', name: agent.name, version: agent.versions.at(-1) ?? 'v1' })
  const isDone = (index: number) => index < at || index === LEVELS.length - 1 && index === at
  return (
    <Card title="Level">
      <ol className="m-0 grid list-none gap-2.5 p-0">
        {LEVELS.map((level, index) => (
          <li key={level.id} aria-current={index === at ? 'step' : undefined} className="flex gap-2.5">
            <span aria-hidden className={classes('mt-0.5 grid h-[18px] w-[18px] flex-none place-items-center rounded-full border text-xs', isDone(index) ? 'border-accent bg-accent text-on-accent' : index === at ? 'border-2 border-accent' : 'border-line-strong text-faint')}>
              {isDone(index) ? <Icon name="check" size={11} /> : null}
            </span>
            <div className="min-w-0">
              <p className={classes('m-0', index === at ? 'font-medium' : 'text-muted')}>{level.title}{index === at && <span className="sr-only"> (now)</span>}</p>
              {index === at && <p className="m-0 text-base text-muted">{level.says}</p>}
            </div>
          </li>
        ))}
      </ol>
      {next && (
        <div className="mt-3.5 border-t border-line pt-3">
          <p className="m-0 mb-2 text-base"><span className="font-medium">Next:</span> {next.says}</p>
          {next.command && <Copyable text={next.command} code block label="the command" />}
        </div>
      )}
    </Card>
  )
}
