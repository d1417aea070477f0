'use client'
import type { UseQueryResult } from '@tanstack/react-query'
import type { Breakdown } from '#server/contracts/telemetry.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { paths } from '#components/paths.ts'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { formatCount, NOTHING } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { formatCost } from '#components/sessions/words.tsx'
import { sayCount } from './differences.ts'

interface ModelCostProps {
  query: UseQueryResult<Breakdown>
  before: Breakdown | null
  /** All tokens of the window, by the kept counts. */
  tokens: { input: number; output: number } | null
  then: string | null
}

/** Which models were asked, with what tokens, and what that cost by the prices that are set. */
export function ModelCost({ query, before, tokens, then }: ModelCostProps) {
  return (
    <Card flush title="Tokens and cost" note={tokens && tokens.input + tokens.output > 0 ? `${formatCount(tokens.input)} in, ${formatCount(tokens.output)} out` : undefined}>
      <Loaded query={query} what="what models were asked">
        {(found) => {
          const { models, currency, modelsBackTo } = found
          const [cost, was] = [costOf(found), before && costOf(before)]
          if (models.length === 0) return <EmptyState kind="no-data" title="No model was asked">Tokens are told by spans of GenAI operations.</EmptyState>
          return (
            <>
              <Table label="Tokens and cost by model">
                <thead><tr><Th>Model</Th><Th right>Calls</Th><Th right>Tokens in</Th><Th right>Out</Th><Th right>Cost</Th></tr></thead>
                <tbody>
                  {models.map((row) => (
                    <tr key={row.model}>
                      <Td><span className="block max-w-52 truncate font-medium" title={row.model}>{row.model}</span></Td>
                      <Td right>{formatCount(row.calls)}</Td>
                      <Td right>{formatCount(row.tokens.input)}</Td>
                      <Td right>{formatCount(row.tokens.output)}</Td>
                      <Td right>{row.cost === null || currency === null ? NOTHING : formatCost({ amount: row.cost, currency })}</Td>
                    </tr>
                  ))}
                </tbody>
              </Table>
              <p className="m-0 px-2.5 pt-1 pb-1 text-sm text-muted">
                {cost === null || currency === null
                  ? <>No price is set for {models.length === 1 ? 'this model' : 'these models'}. <Link href={paths.sessions()}>Prices</Link> are on the page of sessions.</>
                  : <>{formatCost({ amount: cost, currency })} in all{models.some((row) => row.cost === null) && ', without models that have no price'}{was !== null && then && `, ${sayCount(cost, was, then)}`}.</>}
                {modelsBackTo && <> Of the newest calls, since <LocalTime at={modelsBackTo} />.</>}
              </p>
            </>
          )
        }}
      </Loaded>
    </Card>
  )
}

function costOf({ models }: Breakdown): number | null {
  return models.some((row) => row.cost !== null) ? models.reduce((sum, row) => sum + (row.cost ?? 0), 0) : null
}
