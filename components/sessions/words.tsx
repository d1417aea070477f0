import type { Session, SessionOutcome } from '#server/contracts/sessions.ts'
import { formatCount, NOTHING } from '#components/ui/format.ts'
import { Tag } from '#components/ui/Tag.tsx'

const OUTCOMES: Record<SessionOutcome, { state: 'ok' | 'warn' | 'bad'; word: string; says: string }> = {
  ok: { state: 'ok', word: 'Ok', says: 'Nothing failed' },
  recovered: { state: 'warn', word: 'Recovered', says: 'Something failed, and the last trace ended well' },
  failed: { state: 'bad', word: 'Failed', says: 'The last trace failed' },
}

export function Outcome({ of }: { of: SessionOutcome }) {
  const { state, word, says } = OUTCOMES[of]
  return <Tag state={state} title={says}>{word}</Tag>
}

/** `€0.0420`, `€12.30`: four digits below one; a dash without a price. */
export function formatCost(cost: Session['cost']): string {
  if (cost === null) return NOTHING
  return new Intl.NumberFormat('en', { style: 'currency', currency: cost.currency, minimumFractionDigits: cost.amount < 1 ? 4 : 2, maximumFractionDigits: cost.amount < 1 ? 4 : 2 }).format(cost.amount)
}

export function formatTokens({ input, output }: Session['tokens']): string {
  return input + output === 0 ? NOTHING : formatCount(input + output)
}
