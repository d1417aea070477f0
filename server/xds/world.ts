// What a control process knows: the state of each mesh that its proxies belong to, and those proxies. PostgreSQL is the only thing
// it shares with other control processes; a NOTIFY says when to read again.
import { isDeepStrictEqual } from 'node:util'
import type { MeshState } from '../contracts/mesh-state.ts'
import { MeshError, messageOf } from '../contracts/errors.ts'
import type { Db } from '../db/client.ts'
import { listen } from '../db/listen.ts'
import { forgetChanges, readChanges, readWhole, type MeshReading } from '../db/mesh-changes.ts'
import { keepUnchanged } from '../mesh/keep-unchanged.ts'
import type { AdsStream } from './ads.ts'
import { readBetween } from './between.ts'
import { Member } from './member.ts'
import { noteMistaken } from './mistaken.ts'
import { countOrphans, readMissedRows, readOrphans, reapControls } from './orphans.ts'
import { markConnected, proxylessView, readJoiningProxy, readOpenRows, readViews, viewOf, type JoiningProxy } from './proxy-rows.ts'
import { Refusals } from './refusals.ts'
import type { RevisionRow } from './revision-rows.ts'
import type { Session } from './session.ts'
import { markAccepted } from './status-sql.ts'
import { StatusWriter } from './status-writer.ts'
import { takeTurns } from './turns.ts'

/** Notices that come together are one reading. */
const DEBOUNCE_MS = 2
const RETRY_MS = 500
const HEARTBEAT_MS = 1000
/** Of proxies that come back all at once; each asks the store three times, and is compiled for. */
const JOINS_AT_ONCE = 32
/** A notice that was never sent, such as by a process that was killed first, is made good by then. */
const REREAD_MS = 30_000
/** Of so many of these readings one trusts nothing that is held; for a fleet of a thousand it costs half a second. */
const REREADS_PER_WHOLE = 10

export interface WorldOptions {
  db: Db
  /** Of this control process, new at each start. */
  controlId: string
  /** `host:port` as sidecars reach it. */
  address: string
  /** How often everything is read without a notice. */
  rereadMs?: number | undefined
  onError(error: Error): void
}

export interface World extends AsyncDisposable {
  join(stream: AdsStream): Promise<Session>
  leave(session: Session): void
  /** False until the state was read once, and while it cannot be read. */
  isReady(): boolean
  proxies(): number
  revision(mesh: string): number
  /** The mesh as this process has it; null before the first reading. */
  state(mesh: string): MeshState | null
}

interface Mesh {
  name: string
  state: MeshState | null
  /** What the next reading builds on. */
  held: MeshReading | null
  /** What the next reading has to look at, besides what changed since the one before. */
  asks: Asks
  refusals: Refusals
  members: Map<string, Member>
  /** Called after the next reading that begins; empty when nothing asks for one. */
  waiting: (() => void)[]
  reading: Promise<void> | null
}

interface Asks {
  whole: boolean
  /** Proxies that may listen elsewhere than before. */
  views: Set<string> | 'all'
}

const EVERYTHING: Asks = { whole: true, views: 'all' }

export async function startWorld({ db, controlId, address, rereadMs = REREAD_MS, onError }: WorldOptions): Promise<World> {
  const writer = new StatusWriter(db, controlId, onError)
  const meshes = new Map<string, Mesh>()
  const memberOf = new Map<Session, { mesh: Mesh; member: Member }>()
  const turns = takeTurns(JOINS_AT_ONCE)
  const mistaken = noteMistaken(db, onError)
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let healthy = false

  const state = (mesh: string) => meshes.get(mesh)?.state ?? null
  const meshOf = (name: string): Mesh => {
    let mesh = meshes.get(name)
    if (!mesh) meshes.set(name, (mesh = { name, state: null, held: null, asks: EVERYTHING, refusals: new Refusals(db, name), members: new Map(), waiting: [], reading: null }))
    return mesh
  }

  /** One reading at a time; resolves after one that began later than the call. */
  const refresh = (mesh: Mesh): Promise<void> =>
    new Promise((resolve) => {
      mesh.waiting.push(resolve)
      beginReading(mesh)
    })
  /** Without trust in what is held, as after an outage. */
  const refreshWhole = (mesh: Mesh): Promise<void> => {
    mesh.asks = EVERYTHING
    return refresh(mesh)
  }
  const beginReading = (mesh: Mesh) => {
    mesh.reading ??= readWhileAsked(mesh).finally(() => {
      mesh.reading = null
      if (mesh.waiting.length > 0 && !stopped) beginReading(mesh) // asked in the very moment of ending
    })
  }
  const readWhileAsked = async (mesh: Mesh): Promise<void> => {
    while (mesh.waiting.length > 0 && !stopped) {
      await sleep(DEBOUNCE_MS)
      const asked = mesh.waiting
      mesh.waiting = []
      try {
        await read(mesh)
        healthy = true
        for (const resolve of asked) resolve()
      } catch (error) {
        healthy = false
        mesh.asks = EVERYTHING
        mesh.waiting = [...asked, ...mesh.waiting]
        onError(new Error(`cannot read the mesh ${mesh.name}; proxies keep what they have: ${messageOf(error)}`, { cause: error }))
        await sleep(RETRY_MS)
      }
    }
  }
  const read = async (mesh: Mesh): Promise<void> => {
    const { asks, held } = mesh
    mesh.asks = { whole: false, views: new Set() }
    const [changed, views, orphans] = await Promise.all([
      held && !asks.whole ? readChanges(db, held) : null,
      readViews(db, mesh.name, [...mesh.members.keys()].filter((id) => asks.views === 'all' || asks.views.has(id))),
      readOrphans(db, mesh.name),
      mesh.refusals.loadNew(),
    ])
    const reading = changed ?? (await readAll(mesh))
    const { state } = reading
    const between = mesh.state ? await readBetween(db, mesh.state, state) : []
    const since = mesh.state?.revision ?? state.revision
    mesh.state = state
    mesh.held = reading
    await countOrphans(db, writer, state, since, orphans) // before anything is pushed, so that N never reads too small
    let compiled = true
    for (const member of mesh.members.values()) {
      const view = views.get(member.key.id)
      if (view && !member.stream.node.proxyless && !isDeepStrictEqual(view, member.view)) member.view = view
      compiled = applyTo(member, state, between) && compiled
    }
    if (compiled) writer.compiled(mesh.name, state.revision) // else the revision stays pending: not every proxy could be asked
  }
  /** Of what is the same again, what was compiled stands. */
  const readAll = async (mesh: Mesh): Promise<MeshReading> => {
    const reading = await readWhole(db, mesh.name)
    return mesh.state ? { ...reading, state: keepUnchanged(mesh.state, reading.state) } : reading
  }
  const applyTo = (member: Member, state: MeshState, between: readonly MeshState[] = []): boolean => {
    try {
      member.apply(state, between)
      return true
    } catch (error) {
      onError(new Error(`cannot compile for ${member.key.id}; it keeps what it has: ${messageOf(error)}`, { cause: error }))
      return false
    }
  }

  /** Of the state that stands when it returns: from here until the proxy is a member nothing is waited for. */
  const missedBy = async (mesh: Mesh, proxy: JoiningProxy): Promise<RevisionRow[]> => {
    for (;;) {
      const { state } = mesh
      const missed = state ? await readMissedRows(db, state, proxy) : []
      if (state === mesh.state) return missed
    }
  }

  const heartbeat = async () => {
    try {
      const compiled = Object.fromEntries([...meshes.values()].flatMap((mesh) => (mesh.state ? [[mesh.name, mesh.state.revision]] : [])))
      await db.pool.query(
        `insert into control_process as c (id, address, compiled) values ($1, $2, $3)
         on conflict (id) do update set heartbeat_at = now(), address = excluded.address`,
        [controlId, address, compiled],
      )
      await reapControls(db, writer, { id: controlId, address }, state)
      for (const mesh of meshes.keys()) await markAccepted(db.pool, mesh) // a proxy that left may have been the last one waited for
    } catch (error) {
      onError(new Error(`cannot write the heartbeat: ${messageOf(error)}`, { cause: error }))
    }
    if (!stopped) timer = setTimeout(() => (beating = heartbeat()), HEARTBEAT_MS)
  }

  const leave = (session: Session) => {
    const found = memberOf.get(session)
    if (!found) return
    memberOf.delete(session)
    const { mesh, member } = found
    if (mesh.members.get(member.key.id) === member) mesh.members.delete(member.key.id)
    writer.left(member.key, member.connectedAt)
  }

  for (const { name } of await db.prisma.mesh.findMany({ select: { name: true } })) await refresh(meshOf(name))
  let beating = heartbeat()
  await beating
  let rereads = 0
  const rereading = setInterval(() => {
    const isWhole = ++rereads % REREADS_PER_WHOLE === 0
    for (const mesh of meshes.values()) {
      if (mesh.reading) continue
      mesh.asks = { whole: mesh.asks.whole || isWhole, views: 'all' }
      void refresh(mesh)
    }
    forgetChanges(db).catch((error: unknown) => onError(new Error(`cannot forget old changes of instances: ${messageOf(error)}`, { cause: error })))
  }, rereadMs)
  const listening = listen(db.url, ['revision', 'instance', 'identity'], {
    onNotify: (channel, payload) => {
      const name = typeof payload === 'object' && payload !== null && 'mesh' in payload ? String(payload.mesh) : null
      if (!name) return
      const mesh = meshOf(name)
      if (channel !== 'revision') lookAt(mesh, proxyIn(payload)) // a proxy tells where it listens with its instance
      void refresh(mesh)
    },
    onConnect: () => void Promise.all([...meshes.values()].map(refreshWhole)),
    onLost: (error) => {
      healthy = false
      onError(new Error(`lost PostgreSQL's notices: ${error.message}`))
    },
  })

  const join = async (stream: AdsStream): Promise<Session> => {
    const row = await readJoiningProxy(db, stream.node, stream.peer, mistaken)
    const mesh = meshOf(row.mesh)
    const build = stream.node.build || row.build // a relay may know it from the heartbeat alone
    const connectedAt = new Date()
    await markConnected(db, row, { id: controlId, at: connectedAt }, build, stream.node)
    const openRows = await readOpenRows(db, row)
    await refresh(mesh) // a proxy that comes from another control process must not be taken back to an older state
    const missed = await missedBy(mesh, row)
    mesh.members.get(row.id)?.stream.end(new MeshError('conflict', 'the proxy opened another stream'))
    const member = new Member({
      key: { mesh: row.mesh, id: row.id },
      stream,
      build,
      connectedAt,
      refusals: mesh.refusals,
      writer,
      openRows: [...openRows, ...missed],
      onRefused: () => setImmediate(() => mesh.members.forEach((other) => other.build === build && other.replaceRefused())),
    })
    member.view = stream.node.proxyless ? proxylessView(row) : viewOf(row)
    mesh.members.set(row.id, member)
    lookAt(mesh, row.id) // it may have moved since its row was read
    for (const open of missed) writer.row(member.key, open)
    memberOf.set(member.session, { mesh, member })
    if (mesh.state) applyTo(member, mesh.state)
    return member.session
  }

  return {
    join: (stream) => turns(() => join(stream)),
    leave,
    isReady: () => healthy,
    proxies: () => memberOf.size,
    revision: (mesh) => meshes.get(mesh)?.state?.revision ?? 0,
    state,
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(timer)
      clearInterval(rereading)
      await listening[Symbol.asyncDispose]()
      await Promise.all([beating, ...[...meshes.values()].map((mesh) => mesh.reading)])
      for (const session of [...memberOf.keys()]) leave(session)
      await writer[Symbol.asyncDispose]()
      await db.pool.query('delete from control_process where id = $1', [controlId]).catch(() => {}) // a dead row is reaped by the next control process
    },
  }
}

/** With the next reading. */
function lookAt({ asks }: Mesh, proxy: string | null): void {
  if (proxy === null) asks.views = 'all'
  else if (asks.views !== 'all') asks.views.add(proxy)
}

/** The only one whose row a notice is about, if it says so. */
function proxyIn(payload: unknown): string | null {
  return typeof payload === 'object' && payload !== null && 'proxy' in payload ? String(payload.proxy) : null
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
