import type { AgentLevel } from '#server/contracts/overview.ts'
import { LEVELS, levelTitle } from './words.ts'

/** The level as a word and as steps taken of the whole way. */
export function LevelBadge({ level }: { level: AgentLevel }) {
  const at = LEVELS.findIndex((each) => each.id === level)
  return (
    <span className="inline-flex items-center gap-2">
      <span aria-hidden className="flex gap-[3px]">
        {LEVELS.map((each, index) => <span key={each.id} className={`h-3 w-[3px] rounded-full ${index <= at ? 'bg-muted' : 'bg-line'}`} />)}
      </span>
      {levelTitle(level)}
    </span>
  )
}
