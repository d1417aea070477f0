// Serves the agent's card with the mesh's name for the agent's own address, on the sidecar's socket, for its Envoy alone.
import { rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import { CARD_PATHS } from '../contracts/card-paths.ts'
import { messageOf } from '../contracts/errors.ts'
import { askAgent, CARD_BYTES_MAX, type AgentTarget } from './agent-target.ts'
import { rewriteCard, type CardAddress } from './card.ts'

/** Of one connection only (RFC 9110 section 7.6.1), or made anew here. */
const OWN_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'proxy-connection'])

export async function serveCard(socket: string, target: AgentTarget, address: CardAddress): Promise<AsyncDisposable> {
  rmSync(socket, { force: true })
  const server = createServer((request, response) => {
    passCard(request, response, target, address).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else response.writeHead(502, { 'content-type': 'text/plain; charset=utf-8' }).end(`the agent did not give its card: ${messageOf(error)}\n`)
    })
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve))
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function passCard(request: IncomingMessage, response: ServerResponse, target: AgentTarget, address: CardAddress): Promise<void> {
  const path = request.url ?? '/'
  const known = CARD_PATHS.some((candidate) => candidate === path.split('?')[0])
  if (!known || (request.method !== 'GET' && request.method !== 'HEAD')) {
    response.writeHead(404).end()
    return
  }
  // Always the whole card in plain form: what is changed has another length, another ETag and no longer its encoding. What the caller
  // sent goes along, its identity (x-forwarded-client-cert) above all.
  const { 'accept-encoding': _encoding, 'if-none-match': ifNoneMatch, 'if-modified-since': _since, range: _range, ...headers } = withoutOwn(request.headers)
  const agent = await askAgent(target, { path, headers, bytesMax: CARD_BYTES_MAX })
  const answer = rewriteAnswer(agent.response, agent.body, address)
  const unchanged = answer.status === 200 && ifNoneMatch !== undefined && ifNoneMatch === answer.headers.etag
  if (unchanged) response.writeHead(304, { etag: answer.headers.etag }).end()
  else response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length }).end(request.method === 'HEAD' ? undefined : answer.body)
}

function rewriteAnswer(from: IncomingMessage, body: Buffer, address: CardAddress): { status: number; headers: OutgoingHttpHeaders; body: Buffer } {
  const status = from.statusCode ?? 502
  const { 'content-length': _length, ...headers } = withoutOwn(from.headers)
  const rewritten = status === 200 ? rewriteCard(parseOrNull(body), address) : { changed: false, card: null }
  if (!rewritten.changed) return { status, headers, body }
  const etag = headers.etag === undefined ? undefined : markEtag(String(headers.etag))
  return { status, headers: { ...headers, ...(etag && { etag }) }, body: Buffer.from(JSON.stringify(rewritten.card)) }
}

/** Another form of the same thing, so another tag. */
function markEtag(etag: string): string {
  return etag.replace(/"$/, '-mesh"')
}

function withoutOwn(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name)))
}

function parseOrNull(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return null // not a card; it goes through as it is
  }
}
