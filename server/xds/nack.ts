// What a proxy says when it refuses: made safe to store and show, and read for which resource it means.

const REASON_MAX = 4096
/** A refusal of a listener or cluster repeats the whole message, an inline private key included. */
const PEM = /-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(-----END [A-Z0-9 ]+-----|$)/g

/** Envoy adds the whole message that it refused; the sentence before it is what a person needs. */
const DUMP = /:? goo\.gle\/debug\w*[\s\S]*$/

export function cleanReason(text: string): string {
  const clean = text
    .replace(DUMP, '')
    .replaceAll('\\n', '\n').replace(PEM, '[PEM removed]').replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, ' ').trim()
  return clean.length > REASON_MAX ? `${clean.slice(0, REASON_MAX)}…` : clean
}

/**
 * Envoy takes the good resources of a CDS or LDS response and names the others (`Error adding/updating cluster(s) a: …, b: …`).
 * Null when the text names none of them.
 */
export function namedIn(reason: string, names: readonly string[]): string[] | null {
  const found = names.filter((name) => new RegExp(`(^|[\\s,'"(])${escapeRegExp(name)}(['":, )]|$)`, 'm').test(reason))
  return found.length > 0 ? found : null
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
