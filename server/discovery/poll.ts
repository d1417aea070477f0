// Cards and tools of agents whose object names a discovery source, read again and again by the one control process that leads.
import type { DiscoverySource } from '../contracts/agent.ts'
import { CARD_PATHS } from '../contracts/card-paths.ts'
import { MeshError, messageOf } from '../contracts/errors.ts'
import type { Db } from '../db/client.ts'
import { electLeader } from '../db/leader.ts'
import { fetchOutside, parseUrl, type Outside } from '../fetch/fetch.ts'
import { parseJson } from '../fetch/json.ts'
import { readA2aCard } from './card.ts'
import { takeCard, type TakenCard } from './cards.ts'
import { readExtendedCard, saysExtended } from './extended-card.ts'
import { mcpOver, readMcpServer } from './mcp.ts'
import type { Commit } from './register.ts'
import { checkSignature } from './signature.ts'

const LOOK_MS = 500
const AT_ONCE = 8
/** A source that fails is asked ever more rarely, up to this; after so many failures in a row its agent counts as gone. */
const BACKOFF_MS_MAX = 3_600_000
export const GONE_AFTER_FAILURES = 3
/** Names of settings that hold credentials; an object names the rest. */
const CREDENTIAL_PREFIX = 'HEDDLE_CREDENTIAL_'

export interface PollOptions {
  db: Db
  mesh: string
  outside: Outside
  commit: Commit
  env?: Record<string, string | undefined>
  onError(error: Error): void
}

interface Due {
  namespace: string
  agent: string
  url: string
  kind: 'a2a' | 'mcp'
  etag: string | null
  failures: number
  everySeconds: number
  credential: string | null
}

export function pollCards(options: PollOptions): AsyncDisposable {
  return electLeader(options.db.url, {
    name: 'discovery',
    onError: options.onError,
    async lead(signal) {
      while (!signal.aborted) {
        try {
          await syncSources(options.db, options.mesh)
          await pollDue(options)
        } catch (error) {
          options.onError(new Error(`discovery stands still: ${messageOf(error)}`))
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      }
    },
  })
}

/** One row for each Agent with a discovery source; a changed URL is read at once. */
export async function syncSources(db: Db, mesh: string): Promise<void> {
  await db.pool.query(
    `with wanted as (
       select namespace, name as agent, spec #>> '{discovery,url}' as url, coalesce(spec #>> '{discovery,kind}', 'a2a') as kind from object where mesh = $1 and kind = 'Agent' and spec ? 'discovery'
     ), gone as (
       delete from agent_source s where s.mesh = $1 and not exists (select 1 from wanted w where w.namespace = s.namespace and w.agent = s.agent)
     )
     insert into agent_source as s (mesh, namespace, agent, url, kind) select $1, namespace, agent, url, kind from wanted
     on conflict (mesh, namespace, agent) do update set url = excluded.url, kind = excluded.kind, etag = null, failures = 0, state = 'waiting', next_at = now()
     where (s.url, s.kind) is distinct from (excluded.url, excluded.kind)`,
    [mesh],
  )
}

/** Reads what is due, a few at a time. */
export async function pollDue(options: PollOptions): Promise<void> {
  const { db, mesh } = options
  const { rows } = await db.pool.query<Due>(
    `select s.namespace, s.agent, s.url, s.kind, s.etag, s.failures, coalesce((o.spec #>> '{discovery,everySeconds}')::int, 60) as "everySeconds", o.spec #>> '{discovery,credential}' as credential
     from agent_source s join object o on o.mesh = s.mesh and o.kind = 'Agent' and o.namespace = s.namespace and o.name = s.agent
     where s.mesh = $1 and s.next_at <= now() order by s.next_at limit 256`,
    [mesh],
  )
  for (let at = 0; at < rows.length; at += AT_ONCE) await Promise.all(rows.slice(at, at + AT_ONCE).map((due) => pollOne(options, due)))
}

async function pollOne(options: PollOptions, due: Due): Promise<void> {
  const { db, mesh, outside, commit, env = process.env } = options
  const headers = credentialOf(due, env)
  try {
    const read = await readSource(outside, { ...due, headers })
    if (read) await takeCard(db, commit, { mesh, namespace: due.namespace, agent: due.agent, ...read.taken })
    await settle(options, due, { state: 'present', etag: read ? read.etag : due.etag, failures: 0, reason: read?.note ?? '', nextMs: due.everySeconds * 1000 })
  } catch (error) {
    const failures = due.failures + 1
    const nextMs = Math.min(due.everySeconds * 1000 * 2 ** Math.min(failures - 1, 10), BACKOFF_MS_MAX)
    await settle(options, due, { state: failures >= GONE_AFTER_FAILURES ? 'gone' : 'failing', etag: null, failures, reason: messageOf(error).slice(0, 512), nextMs })
  }
}

function credentialOf({ credential }: Due, env: Record<string, string | undefined>): Record<string, string> {
  if (credential === null) return {}
  const value = env[CREDENTIAL_PREFIX + credential]
  return value ? { authorization: value } : {}
}

type Read = { etag: string | null; taken: Omit<TakenCard, 'mesh' | 'namespace' | 'agent'>; note?: string }

/** What the source says now; null when it says that nothing changed. Throws a sentence for the registry's page. */
export async function readSource(outside: Outside, source: Pick<DiscoverySource, 'url' | 'kind'> & { etag?: string | null; headers?: Record<string, string> }): Promise<Read | null> {
  const { url, kind, etag = null, headers = {} } = source
  if (kind === 'mcp') {
    const { card, document } = await readMcpServer(mcpOver(outside, url, headers), url)
    return { etag: null, taken: { source: 'mcp', url, document, card, signature: { state: 'none', reason: '' } } }
  }
  const conditional: Record<string, string> = etag === null ? {} : { 'if-none-match': etag }
  for (const address of cardAddresses(url)) {
    const fetched = await fetchOutside(outside, address, { headers: { ...headers, ...conditional, 'a2a-version': '1.0' } })
    if (fetched.status === 304) return null
    if (fetched.status === 404) continue
    if (fetched.status !== 200) throw new MeshError('unavailable', `${address} answers ${fetched.status}`)
    const document = parseJson(fetched.body.toString('utf8'))
    const open = await readDocument(outside, address, document)
    if (!saysExtended(document) || !headers['authorization']) return { ...open, etag: fetched.headers.etag ?? null }
    const extended = await readExtendedCard(outside, address, open.taken.card, headers)
    // No ETag: it is the public card's, and says nothing of the extended one.
    return 'refusal' in extended ? { ...open, note: `the extended card is not shown: ${extended.refusal}`.slice(0, 512) } : readDocument(outside, address, extended.document)
  }
  throw new MeshError('not_found', `there is no agent card at ${url}`)
}

async function readDocument(outside: Outside, address: string, document: unknown): Promise<Read> {
  const card = readA2aCard(document)
  return { etag: null, taken: { source: 'url', url: address, document, card, signature: await checkSignature(outside, document, parseUrl(address).origin) } }
}

/** The URL itself when it has a path, else the well-known places of its origin. */
function cardAddresses(url: string): string[] {
  const parsed = parseUrl(url)
  return parsed.pathname === '/' ? CARD_PATHS.map((path) => parsed.origin + path) : [url]
}

async function settle({ db, mesh }: PollOptions, { namespace, agent, url }: Due, to: { state: string; etag: string | null; failures: number; reason: string; nextMs: number }): Promise<void> {
  await db.pool.query(
    `update agent_source set state = $5, etag = $6, failures = $7, reason = $8, checked_at = now(), last_seen = case when $5 = 'present' then now() else last_seen end,
       next_at = now() + make_interval(secs => $9::float8 * (0.9 + 0.2 * random()) / 1000)
     where mesh = $1 and namespace = $2 and agent = $3 and url = $4`,
    [mesh, namespace, agent, url, to.state, to.etag, to.failures, to.reason, to.nextMs],
  )
}
