// One proxy with a stream to this control process: its session, and what the mesh knows of it through that stream.
import type { Snapshot } from '../compile/snapshot.ts'
import { compileSnapshot } from '../compile/snapshot.ts'
import type { MeshState, ProxyView } from '../contracts/mesh-state.ts'
import { describeHeldBack, holdBack } from '../compile/held-back.ts'
import { findCulprit } from './culprit.ts'
import type { Refusals, Withheld } from './refusals.ts'
import { changesBetween, decideRow, neededBy, type Change, type Refusal, type RevisionRow } from './revision-rows.ts'
import { Session } from './session.ts'
import type { ProxyKey, ResourceState } from './status-sql.ts'
import type { StatusWriter } from './status-writer.ts'
import type { Verdict } from './subscription.ts'
import type { AdsStream } from './ads.ts'
import type { Resource } from '../compile/encode.ts'

export interface MemberOptions {
  key: ProxyKey
  stream: AdsStream
  build: string
  connectedAt: Date
  refusals: Refusals
  writer: StatusWriter
  /** Revisions that asked something of this proxy before it came back. */
  openRows: RevisionRow[]
  /** A version was refused that no proxy of this build has refused before. */
  onRefused(): void
}

const NOTHING_SHOWN = {}

export class Member {
  readonly key: ProxyKey
  readonly build: string
  readonly connectedAt: Date
  readonly session: Session
  readonly stream: AdsStream
  view: ProxyView | null = null
  #state: MeshState | null = null
  /** What was applied last besides the state. */
  #applied: { view: ProxyView; learned: number } | null = null
  #raw: Snapshot | null = null
  #withheld = new Map<string, Withheld>()
  #rows: RevisionRow[]
  readonly #options: MemberOptions

  constructor(options: MemberOptions) {
    this.#options = options
    this.key = options.key
    this.stream = options.stream
    this.build = options.build
    this.connectedAt = options.connectedAt
    this.#rows = options.openRows
    this.session = new Session(options.stream.variant, {
      send: (response) => options.stream.send(response),
      sent: (verdicts) => this.#onSent(verdicts),
      acked: (verdicts) => this.#onAcked(verdicts),
      refused: (resource, reason) => this.#onRefused(resource, reason),
      isProven: (resource) => options.refusals.isProven(options.build, resource),
      chooseTrial: (resources) => options.refusals.chooseTrial(options.build, resources),
      subscribed: (subscription) => options.writer.keepOnly(this.key, subscription.typeUrl, new Map([...subscription.held].map(([name, { version }]) => [name, version]))),
      progressed: () => this.decide(),
    })
  }

  /** Compiles the state for this proxy and sends what differs. `between` are the states of the revisions on the way (between.ts). */
  apply(state: MeshState, between: readonly MeshState[] = []): void {
    const { view } = this
    if (!view) return // its ports are not known yet: silence
    const { learned } = this.#options.refusals
    const isAsBefore = view === this.#applied?.view && learned === this.#applied.learned
    if (isAsBefore && state === this.#state) return
    this.#applied = null // until all of it is done
    const { proxyless = false, lacking = [] } = this.stream.node
    const compile = (one: MeshState): Snapshot => {
      const snapshot = compileSnapshot(one, view, { virtualHosts: this.session.variant === 'delta' ? 'vhds' : 'inline', proxyless, before: lacking.length > 0 ? null : this.#raw })
      return { ...snapshot, resources: holdBack(snapshot.resources, lacking) }
    }
    const raw = compile(state)
    const before = this.#raw
    let last = { snapshot: this.#raw, revision: this.#state?.revision ?? state.revision }
    this.#raw = raw
    this.#state = state
    for (const step of [...between.filter((one) => one.revision >= last.revision), state]) {
      const snapshot = step === state ? raw : compile(step)
      if (last.snapshot && step.revision > last.revision) this.#openRows(neededBy(this.session, changesBetween(last.snapshot, snapshot)), last.revision, step.revision)
      last = { snapshot, revision: step.revision }
    }
    if (isAsBefore && before?.resources === raw.resources) this.decide()
    else this.replaceRefused()
    this.#applied = { view, learned }
  }

  /** Again after another proxy of the build refused something. */
  replaceRefused(): void {
    if (!this.#raw) return
    const { resources, withheld } = this.#options.refusals.replace(this.build, this.#raw)
    this.#noteWithheld(withheld)
    this.session.setTarget(resources)
    this.decide()
  }

  /** Looks at every open revision again. */
  decide(): void {
    if (this.#rows.length === 0) return
    for (const row of this.#rows) {
      decideRow(row, this.session, this.#raw, (change) => this.#refusalOf(change))
      if (row.state !== 'pending') this.#options.writer.row(this.key, row)
    }
    this.#rows = this.#rows.filter((row) => row.state === 'pending')
  }

  #openRows(changes: Change[], since: number, until: number): void {
    if (changes.length === 0) return
    for (let revision = since + 1; revision <= until; revision++) {
      const row: RevisionRow = { revision, state: 'pending', changes, refusal: null }
      this.#rows.push(row)
      this.#options.writer.row(this.key, row)
    }
  }

  #onSent(verdicts: readonly Verdict[]): void {
    const sent = verdicts.flatMap(({ typeUrl, name, version }) => (version === null ? [] : [[name, { sent: version, ...this.#shownRefusal(typeUrl, name) }] as const]))
    const [first] = verdicts
    if (first && sent.length > 0) this.#options.writer.sent(this.key, first.typeUrl, new Map(sent))
  }

  #onAcked(verdicts: readonly Verdict[]): void {
    const { writer, refusals } = this.#options
    const taken = new Map<string, ResourceState>()
    for (const { typeUrl, name, version, resource } of verdicts) {
      if (version === null) {
        writer.dropResource(this.key, typeUrl, name)
        continue
      }
      taken.set(name, { sent: version, acked: version, ...this.#shownRefusal(typeUrl, name) })
      // What only this proxy gets never stands in for anything (#onRefused).
      if (resource && resource.scope !== this.key.id && refusals.noteAccepted(this.build, resource) === 'new') writer.accepted(this.key.mesh, this.build, resource)
    }
    const [first] = verdicts
    if (first && taken.size > 0) writer.resources(this.key, first.typeUrl, taken)
  }

  #onRefused(resource: Resource, reason: string): void {
    const { writer, refusals, onRefused } = this.#options
    this.#write(resource.typeUrl, resource.name, { sent: resource.version, refused: resource.version, reason })
    // What only this proxy gets can fail for reasons of its own, such as a port in use: its next start tries again.
    if (resource.scope === this.key.id) return
    refusals.add(this.build, { typeUrl: resource.typeUrl, scope: resource.scope, name: resource.name, version: resource.version, proxy: this.key.id, reason })
    writer.refused(this.key.mesh, this.build, resource, this.key.id, reason)
    onRefused()
  }

  #write(typeUrl: string, name: string, state: ResourceState): void {
    this.#options.writer.resources(this.key, typeUrl, new Map([[name, state]]))
  }

  #noteWithheld(withheld: Withheld[]): void {
    const before = this.#withheld
    this.#withheld = new Map(withheld.map((one) => [`${one.resource.typeUrl} ${one.resource.name}`, one]))
    for (const [key, { resource, refusal }] of this.#withheld) {
      // Never sent again: counts as refused by this proxy too, in the words of the one that did.
      this.session.subscriptions.get(resource.typeUrl)?.refused.set(resource.name, { version: resource.version, reason: refusal.reason })
      if (before.get(key)?.resource.version !== resource.version) this.#write(resource.typeUrl, resource.name, { refused: resource.version, reason: this.#words(refusal.proxy, refusal.reason) })
    }
    this.#forgetRefused()
  }

  /** A refused version that nobody wants any more is history: what the proxy holds is what it was sent. */
  #forgetRefused(): void {
    for (const subscription of this.session.subscriptions.values()) {
      for (const [name, refused] of subscription.refused) {
        if (this.#raw?.resources.get(subscription.typeUrl as Resource['typeUrl'])?.get(name)?.version === refused.version) continue
        subscription.refused.delete(name)
        const held = subscription.held.get(name)?.version
        if (held === undefined) this.#options.writer.dropResource(this.key, subscription.typeUrl, name)
        else this.#write(subscription.typeUrl, name, { sent: held, acked: held })
      }
    }
  }

  #shownRefusal(typeUrl: string, name: string): { refused?: string; reason?: string } {
    const withheld = this.#withheld.size > 0 && this.#withheld.get(`${typeUrl} ${name}`)
    if (withheld) return { refused: withheld.resource.version, reason: this.#words(withheld.refusal.proxy, withheld.refusal.reason) }
    if (!this.stream.node.lacking?.length) return NOTHING_SHOWN
    const resource = this.#raw?.resources.get(typeUrl as Resource['typeUrl'])?.get(name)
    const leftOut = resource ? describeHeldBack(resource) : null
    return leftOut ? { reason: leftOut } : {}
  }

  #words(proxy: string, reason: string): string {
    return proxy === this.key.id ? reason : `${reason} (refused by ${proxy}, so it was not sent here)`
  }

  #refusalOf(change: Change): Refusal | null {
    const resource = this.#raw?.resources.get(change.typeUrl as Resource['typeUrl'])?.get(change.name)
    const refused = this.session.subscriptions.get(change.typeUrl)?.refused.get(change.name)
    if (!resource || !refused || !this.#state || !this.view) return null
    const { object, pointer } = findCulprit(this.#state, this.view, resource, refused.reason)
    const first = this.#withheld.get(`${change.typeUrl} ${change.name}`)?.refusal.proxy ?? this.key.id
    return { proxy: this.key.id, typeUrl: change.typeUrl, resource: change.name, object, pointer, reason: this.#words(first, refused.reason) }
  }
}
