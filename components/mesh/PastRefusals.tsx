'use client'
import type { PastRefusal } from '#server/contracts/status.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { paths } from '#components/paths.ts'
import { Card } from '#components/ui/Card.tsx'
import { plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { reading, type List } from './call.ts'
import { ObjectLink } from './ChangePage.tsx'
import { Loaded } from './Loaded.tsx'
import { TOPICS } from './topics.ts'

const SHOWN = 10

/** What a proxy refused in its life, whether or not it still does. */
export function PastRefusals({ id }: { id: string }) {
  const query = useLiveQuery<List<PastRefusal>>({ ...reading<List<PastRefusal>>(asks.proxyRefusals(id)), topics: TOPICS.proxies, everyMs: 15_000 })
  return (
    <Card title="Refusals" note={query.data && query.data.items.length > 0 && plural(query.data.items.length, 'revision')}>
      <Loaded query={query} what="what it refused">
        {({ items }) => items.length === 0 ? <p className="m-0 text-muted">It has refused nothing.</p> : (
          <ol className="m-0 grid list-none gap-3 p-0">
            {items.slice(0, SHOWN).map((one) => (
              <li key={one.revision} className="grid min-w-0 gap-1">
                <span><Link href={paths.change(one.revision)}>Revision {one.revision}</Link> <span className="text-muted"><RelativeTime at={one.at} />{one.object && <>, <ObjectLink at={one.object} /></>}</span></span>
                <code className="break-words text-xs">{one.reason}</code>
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </Card>
  )
}
