// SDS to the Envoy of this sidecar alone, over its socket: keys travel no further.
import type { ServerDuplexStream } from '@grpc/grpc-js'
import type { HeartbeatRequest } from '../contracts/sidecar.ts'
import type { HeldIdentity } from './directory.ts'
import { bundleIds } from './keys.ts'
import { envelope, identitySecret, readDeltaRequest, readSotwRequest, trustSecret, TYPE, writeDeltaResponse, writeSotwResponse } from './xds-messages.ts'

type Stream = ServerDuplexStream<Buffer, Buffer>
type Holds = HeartbeatRequest['holds']

export interface Secret {
  name: string
  version: string
  message: Buffer
}

export interface SecretServer {
  stream: (stream: Stream) => void
  delta: (stream: Stream) => void
  /** Pushes what changed to every stream that asked for it. */
  publish(changed?: HeldIdentity): void
  /** What Envoy said it applied; null before it has taken both secrets. */
  readonly holds: Holds
}

export interface BesideIdentity {
  /** What this Envoy may have besides; read anew at each push. */
  others: () => readonly Secret[]
  /** Told once of each name that Envoy asks for and nobody has. */
  onMissing: (name: string) => void
}

export function serveSecrets(first: HeldIdentity, onHolds: () => void, { others, onMissing }: BesideIdentity = { others: () => [], onMissing: () => {} }): SecretServer {
  let held = first
  const all = () => [...secretsOf(held), ...others()]
  const pushes = new Set<() => void>()
  const acknowledged = new Map<string, string>()
  const acknowledge = (names: Iterable<readonly [string, string]>) => {
    let news = false
    for (const [name, version] of names) {
      news ||= acknowledged.get(name) !== version
      acknowledged.set(name, version)
    }
    if (news) onHolds()
  }
  const missed = new Set<string>()
  const miss = (names: Iterable<string>) => {
    const there = new Set(all().map((secret) => secret.name))
    for (const name of names) {
      if (there.has(name) || missed.has(name)) continue
      missed.add(name)
      onMissing(name)
    }
  }
  const attach = (stream: Stream, push: () => void) => {
    pushes.add(push)
    const detach = () => pushes.delete(push)
    for (const event of ['cancelled', 'close', 'error']) stream.on(event, detach)
    stream.on('end', () => {
      detach()
      stream.end()
    })
  }

  return {
    stream(stream) {
      const session = openSession((wanted, nonce) =>
        writeSotwResponse({ version: wanted.map((secret) => secret.version).join(' '), typeUrl: TYPE.secret, nonce, messages: wanted.map((secret) => secret.message) }),
      )
      const push = () => session.push(all(), (message) => stream.write(message), 'whole')
      attach(stream, push)
      stream.on('data', (message: Buffer) => {
        const { names, responseNonce, refused } = readSotwRequest(message)
        acknowledge(session.answered(responseNonce, refused))
        session.names = new Set(names)
        miss(names)
        push()
      })
    },
    delta(stream) {
      const session = openSession((wanted, nonce) =>
        writeDeltaResponse({
          typeUrl: TYPE.secret,
          nonce,
          resources: wanted.map(({ name, version, message }) => ({ name, version, envelope: envelope(name, version, TYPE.secret, message) })),
          removed: [],
        }),
      )
      const push = () => session.push(all(), (message) => stream.write(message), 'changed')
      attach(stream, push)
      stream.on('data', (message: Buffer) => {
        const { subscribe, unsubscribe, initialVersions, responseNonce, refused } = readDeltaRequest(message)
        acknowledge(session.answered(responseNonce, refused))
        for (const [name, version] of initialVersions) session.sent.set(name, version)
        for (const name of subscribe) session.names.add(name)
        for (const name of unsubscribe) session.forget(name)
        miss(subscribe)
        push()
      })
    },
    publish(changed = held) {
      held = changed
      for (const push of pushes) push()
    },
    get holds() {
      const [serial, issuerId] = acknowledged.get('identity')?.split('/') ?? []
      const trusts = acknowledged.get('trust')?.split(',')
      return serial && issuerId && trusts ? { serial, issuerId, trusts } : null
    },
  }
}

/** Versions say what they are of, so that an acknowledgement tells what Envoy holds. */
function secretsOf(held: HeldIdentity): Secret[] {
  return [
    { name: 'identity', version: `${held.serial}/${held.issuerId}`, message: identitySecret('identity', held.chainPem, held.keyPem) },
    { name: 'trust', version: bundleIds(held.bundlePem).join(','), message: trustSecret('trust', held.bundlePem) },
  ]
}

function openSession(write: (wanted: Secret[], nonce: string) => Buffer) {
  let nonce = 0
  let unacknowledged: { nonce: string; secrets: Secret[] } | null = null
  return {
    names: new Set<string>(),
    sent: new Map<string, string>(),
    forget(name: string) {
      this.names.delete(name)
      this.sent.delete(name)
    },
    /** SotW repeats every secret of a stream when one changed; delta sends the changed one. */
    push(secrets: Secret[], send: (message: Buffer) => void, form: 'whole' | 'changed') {
      const wanted = secrets.filter((secret) => this.names.has(secret.name))
      const changed = wanted.filter((secret) => this.sent.get(secret.name) !== secret.version)
      if (changed.length === 0) return
      for (const secret of changed) this.sent.set(secret.name, secret.version)
      unacknowledged = { nonce: String(++nonce), secrets: form === 'whole' ? wanted : changed }
      send(write(unacknowledged.secrets, unacknowledged.nonce))
    },
    /** Names and versions that an answer acknowledges. */
    answered(responseNonce: string, refused: boolean): [string, string][] {
      if (responseNonce === '' || responseNonce !== unacknowledged?.nonce) return []
      const { secrets } = unacknowledged
      unacknowledged = null
      return refused ? [] : secrets.map((secret) => [secret.name, secret.version])
    },
  }
}
