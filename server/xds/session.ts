// One stream's side of ADS, without the network: requests in, responses out, in an order that breaks nothing on the way.
// New clusters go before the routes that name them, and leave after the last route and their last metrics.
import type { Resource } from '../compile/encode.ts'
import { TYPE, type TypeUrl } from '../compile/names.ts'
import type { Snapshot } from '../compile/snapshot.ts'
import { chooseBatch, type Trials } from './batch.ts'
import { LIMITS, refuseTooMuch, tooMany } from './limits.ts'
import { cleanReason, namedIn } from './nack.ts'
import { absentNames, applyDeltaNames, applyWholeNames, dueResources, goneNames, isSettled, isWanted, ONE_BY_ONE, openSubscription, stateVersion, verdict, WHOLE_STATE, type Subscription, type Target, type Verdict } from './subscription.ts'
import type { AdsRequest, AdsResponse, Variant } from './wire.ts'

/** Counters of a cluster leave a proxy every 2 s; one that goes at once would take its last calls with it. */
const CLUSTER_LINGER_MS = 10_000

/** Until what waits for the trials of others is looked at again. */
const TRIAL_LOOK_MS = 50

const NOTHING: Target = new Map()

/** Clusters first, then what fills them, then the doors, then the ways that lead there. */
const ORDER: readonly string[] = [TYPE.cluster, TYPE.endpoints, TYPE.listener, TYPE.routes, TYPE.virtualHost]

export interface SessionHandlers extends Trials {
  send(response: AdsResponse): void
  sent(verdicts: readonly Verdict[]): void
  acked(verdicts: readonly Verdict[]): void
  refused(resource: Resource, reason: string): void
  /** A type was asked for: what the client says it holds. */
  subscribed(subscription: Subscription): void
  /** After each request: what is asked for or held may have changed. */
  progressed(): void
}

export class Session {
  readonly variant: Variant
  readonly subscriptions = new Map<string, Subscription>()
  target: Snapshot['resources'] | null = null
  readonly #handlers: SessionHandlers
  readonly #lastNonce = new Map<string, string>()
  /** Clusters that no target names any more, with the moment from which they may go. */
  readonly #leaving = new Map<string, number>()
  #nonces = 0
  #timer: NodeJS.Timeout | undefined
  #trialTimer: NodeJS.Timeout | undefined

  constructor(variant: Variant, handlers: SessionHandlers) {
    this.variant = variant
    this.#handlers = handlers
  }

  /** What the client shall have. Until the first call the session stays silent: an empty answer would delete everything. */
  setTarget(target: Snapshot['resources']): void {
    const before = this.target
    if (target === before) return
    this.target = target
    this.#noteLeaving()
    for (const subscription of this.subscriptions.values()) this.#adoptState(subscription)
    this.pump(before ? this.#differing(before, target) : this.#allTypes())
  }

  /** Types for which another target may mean something: where clusters change or wait to leave, all of them. */
  #differing(before: Snapshot['resources'], target: Snapshot['resources']): readonly string[] {
    const types = this.#allTypes()
    const differs = (typeUrl: string) => before.get(typeUrl as TypeUrl) !== target.get(typeUrl as TypeUrl)
    return this.#leaving.size > 0 || differs(TYPE.cluster) ? types : types.filter(differs)
  }

  close(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#trialTimer)
  }

  receive(request: AdsRequest): void {
    refuseTooMuch(request, this.subscriptions)
    let subscription = this.subscriptions.get(request.typeUrl)
    if (!subscription) {
      subscription = openSubscription(request, this.variant)
      this.subscriptions.set(request.typeUrl, subscription)
      this.#claimedVersion.set(request.typeUrl, request.version)
      this.#adoptState(subscription)
      this.#noteLeaving()
      this.#handlers.subscribed(subscription)
      this.pump()
      return this.#handlers.progressed()
    }
    if (this.variant === 'delta') applyDeltaNames(subscription, request)
    else if (request.nonce === '' || request.nonce === this.#lastNonce.get(request.typeUrl) || request.subscribe.length > 0) applyWholeNames(subscription, request.subscribe)
    if (subscription.names.size > LIMITS.names) throw tooMany(request.typeUrl)
    // A response is answered by its own nonce; an older one speaks of a push that has been replaced.
    if (request.nonce !== '' && request.nonce === subscription.inFlight?.nonce) this.#settle(subscription, request.refusal)
    this.pump(this.#concernedBy(request.typeUrl))
    this.#handlers.progressed()
  }

  /** Sends what can go now: one unanswered response a type, whatever piled up meanwhile in one. */
  pump(types: readonly string[] = this.#allTypes()): void {
    if (!this.target) return
    for (const typeUrl of types) {
      const subscription = this.subscriptions.get(typeUrl)
      if (subscription && subscription.inFlight === null) this.#offer(subscription)
    }
  }

  #allTypes(): readonly string[] {
    return [...ORDER, ...[...this.subscriptions.keys()].filter((type) => !ORDER.includes(type))]
  }

  /** What may go now because of an answer: everything waits for clusters, those that leave go after all others, and nothing waits for endpoints. */
  #concernedBy(typeUrl: string): readonly string[] {
    if (typeUrl === TYPE.endpoints) return [typeUrl]
    if (typeUrl === TYPE.cluster) return this.#allTypes()
    return this.#leaving.size > 0 ? [TYPE.cluster, typeUrl] : [typeUrl]
  }

  /** What the target has of a type. */
  targetOf(typeUrl: string): Target {
    return this.target?.get(typeUrl as TypeUrl) ?? NOTHING
  }

  isSettled(typeUrl: string): boolean {
    const subscription = this.subscriptions.get(typeUrl)
    return !subscription || isSettled(subscription, this.targetOf(typeUrl))
  }

  readonly #claimedVersion = new Map<string, string>()

  /** SotW has one version a type: when the client comes back with that of the present state, it holds all of it. */
  #adoptState(subscription: Subscription): void {
    const claimed = this.#claimedVersion.get(subscription.typeUrl)
    if (this.variant !== 'sotw' || !this.target || claimed === undefined) return
    this.#claimedVersion.delete(subscription.typeUrl)
    const wanted = [...this.targetOf(subscription.typeUrl).values()].filter((resource) => isWanted(subscription, resource.name))
    if (claimed === '' || claimed !== stateVersion(wanted.map((resource) => [resource.name, resource.version] as const))) return
    subscription.answered = true
    subscription.again.clear()
    for (const resource of wanted) subscription.held.set(resource.name, { version: resource.version, resource })
    this.#handlers.acked(wanted.map((resource) => verdict(subscription, resource)))
  }

  #offer(subscription: Subscription): void {
    const target = this.targetOf(subscription.typeUrl)
    const due = dueResources(subscription, target)
    const ready = this.#readyOf(subscription, due)
    const removed = this.#removable(subscription, target, due.length > 0)
    // SotW says that a name is not there by leaving it out of the whole state; of other types it cannot.
    const absent = this.variant === 'delta' || WHOLE_STATE.has(subscription.typeUrl) ? absentNames(subscription, target) : []
    const batch = this.#batchOf(subscription, ready)
    const emptyAnswer = !subscription.answered && due.length === 0 && subscription.held.size === 0
    if (batch.length === 0 && removed.length === 0 && absent.length === 0 && !emptyAnswer) return
    if (this.variant === 'sotw' && batch.length === 0 && removed.length > 0 && !WHOLE_STATE.has(subscription.typeUrl)) {
      for (const name of removed) subscription.held.delete(name) // SotW cannot say that an assignment is gone
      return
    }
    this.#send(subscription, batch, removed, absent)
  }

  /** What of the ready goes now. */
  #batchOf(subscription: Subscription, ready: Resource[]): Resource[] {
    if (ready.length === 0) return ready
    const batch = chooseBatch(subscription, ready, this.variant, this.#handlers)
    if (batch !== 'wait') return batch
    this.#trialTimer ??= setTimeout(() => {
      this.#trialTimer = undefined
      this.pump([...ONE_BY_ONE])
    }, TRIAL_LOOK_MS)
    return []
  }

  #send(subscription: Subscription, resources: Resource[], removed: string[], absent: string[]): void {
    const { typeUrl } = subscription
    const nonce = String(++this.#nonces)
    subscription.inFlight = { nonce, resources, removed }
    subscription.answered = true
    subscription.waitsSince = null
    for (const name of absent) subscription.absent.add(name)
    for (const { name } of resources) {
      subscription.again.delete(name)
      subscription.alone.delete(name)
    }
    this.#lastNonce.set(typeUrl, nonce)
    if (typeUrl === TYPE.cluster) this.#sendEndpointsAgain(resources)
    const whole = this.variant === 'sotw' && WHOLE_STATE.has(typeUrl) ? this.#wholeState(subscription, resources, removed) : resources
    const version = this.variant === 'sotw' ? this.#versionAfter(subscription, resources, removed) : ''
    this.#handlers.sent([...resources.map((resource) => verdict(subscription, resource)), ...removed.map((name) => ({ typeUrl, name, version: null, resource: null }))])
    this.#handlers.send({ typeUrl, nonce, resources: whole, removed: [...removed, ...absent], version })
  }

  /** Envoy waits for the endpoints of a changed cluster without asking for them. */
  #sendEndpointsAgain(clusters: Resource[]): void {
    const endpoints = this.subscriptions.get(TYPE.endpoints)
    if (!endpoints) return
    for (const { name } of clusters) if (isWanted(endpoints, name)) endpoints.again.add(name)
  }

  /** Everything the client shall keep, because what SotW leaves out of these types is deleted. */
  #wholeState(subscription: Subscription, resources: Resource[], removed: string[]): Resource[] {
    const all = new Map<string, Resource>()
    for (const [name, held] of subscription.held) if (held.resource && !removed.includes(name)) all.set(name, held.resource)
    for (const resource of resources) all.set(resource.name, resource)
    return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #versionAfter(subscription: Subscription, resources: Resource[], removed: string[]): string {
    const after = new Map([...subscription.held].map(([name, held]) => [name, held.version] as const))
    for (const resource of resources) after.set(resource.name, resource.version)
    for (const name of removed) after.delete(name)
    return stateVersion(after)
  }

  #settle(subscription: Subscription, refusal: string | null): void {
    const { inFlight, typeUrl } = subscription
    subscription.inFlight = null
    if (!inFlight) return
    const bad = refusal === null ? [] : this.#blamed(subscription, inFlight.resources, refusal)
    const good = inFlight.resources.filter((resource) => !bad.includes(resource) && !subscription.alone.has(resource.name))
    for (const resource of good) {
      subscription.held.set(resource.name, { version: resource.version, resource })
      subscription.refused.delete(resource.name)
    }
    for (const name of inFlight.removed) {
      subscription.held.delete(name)
      this.#leaving.delete(name)
    }
    if (typeUrl === TYPE.cluster) this.#noteLeaving() // of those that came, some may have gone from the target meanwhile
    this.#handlers.acked([...good.map((resource) => verdict(subscription, resource)), ...inFlight.removed.map((name) => ({ typeUrl, name, version: null, resource: null }))])
    const reason = cleanReason(refusal ?? '')
    for (const resource of bad) {
      subscription.refused.set(resource.name, { version: resource.version, reason })
      this.#handlers.refused(resource, reason)
    }
  }

  /** A refused response can hold good resources, which Envoy takes all the same for clusters and listeners. */
  #blamed(subscription: Subscription, resources: Resource[], refusal: string): Resource[] {
    if (resources.length <= 1) return resources
    const named = ONE_BY_ONE.has(subscription.typeUrl) ? null : namedIn(refusal, resources.map((resource) => resource.name))
    if (named) return resources.filter((resource) => named.includes(resource.name))
    if (this.variant === 'sotw') return resources.filter((resource) => subscription.held.get(resource.name)?.version !== resource.version)
    for (const { name } of resources) {
      subscription.alone.add(name)
      // Which of them were applied nobody knows: each is sent again, be it in its old form.
      const held = subscription.held.get(name)
      if (held || ONE_BY_ONE.has(subscription.typeUrl)) subscription.held.set(name, { version: '', resource: held?.resource ?? null })
    }
    return []
  }

  /** Of what is due, what breaks nothing now: a listener or route goes after the clusters that it needs. */
  #readyOf({ typeUrl }: Subscription, due: Resource[]): Resource[] {
    const clusters = this.subscriptions.get(TYPE.cluster)
    if (!clusters || due.length === 0) return due
    if (typeUrl === TYPE.listener) return this.isSettled(TYPE.cluster) ? due : []
    if (typeUrl !== TYPE.routes && typeUrl !== TYPE.virtualHost) return due
    const target = this.targetOf(TYPE.cluster)
    const isThere = (name: string) => {
      if (clusters.held.has(name)) return true
      const wanted = target.get(name)
      return !wanted || !isWanted(clusters, name) || clusters.refused.get(name)?.version === wanted.version
    }
    return due.filter((resource) => resource.needs.every(isThere))
  }

  /** Clusters go last: after every route that named them is acknowledged without them, and after their last metrics. */
  #removable(subscription: Subscription, target: Target, busy: boolean): string[] {
    const gone = goneNames(subscription, target)
    if (gone.length === 0 || busy) return []
    if (subscription.typeUrl === TYPE.routes || subscription.typeUrl === TYPE.endpoints) return [] // Envoy keeps them until it drops their owner
    if (subscription.typeUrl !== TYPE.cluster) return gone
    if (![TYPE.listener, TYPE.routes, TYPE.virtualHost].every((type) => this.isSettled(type))) return []
    const named = new Set([TYPE.routes, TYPE.virtualHost].flatMap((type) => [...this.targetOf(type).values()].flatMap((resource) => resource.needs)))
    const now = Date.now()
    const due = gone.filter((name) => !named.has(name) && (this.#leaving.get(name) ?? now) <= now)
    if (due.length < gone.length) this.#pumpLater()
    return due
  }

  #noteLeaving(): void {
    const clusters = this.subscriptions.get(TYPE.cluster)
    if (!clusters || !this.target) return
    const target = this.targetOf(TYPE.cluster)
    for (const name of this.#leaving.keys()) if (target.has(name)) this.#leaving.delete(name)
    for (const name of goneNames(clusters, target)) if (!this.#leaving.has(name)) this.#leaving.set(name, Date.now() + CLUSTER_LINGER_MS)
  }

  #pumpLater(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.pump(), Math.max(50, Math.min(...this.#leaving.values()) - Date.now()))
    this.#timer.unref()
  }
}
