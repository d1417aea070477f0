// A gRPC call without the library, on a connection of its own as a proxy has: a thousand of them must not take the machine that control is
// measured on. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
import { connect, type IncomingHttpHeaders } from 'node:http2'

export interface BareCall extends Disposable {
  onMessage: (message: Buffer) => void
  /** Called once, with the status's words. */
  onEnd: (why: string) => void
  write(message: Buffer): void
  /** Reads no more. */
  freeze(): void
}

/** Envoy's own, about: a response is not cut into pieces that each wait to be asked for. */
const WINDOW_BYTES = 16 * 1024 * 1024
/** A flag and the length. */
const FRAME_BYTES = 5

/** A call that both sides stream in, to a port of this machine, in plaintext. */
export function openCall(port: number, path: string, metadata: Record<string, string>): BareCall {
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: WINDOW_BYTES, enablePush: false } })
  session.once('connect', () => session.setLocalWindowSize(WINDOW_BYTES))
  const stream = session.request({ ...metadata, ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' })
  const call: BareCall = {
    onMessage() {},
    onEnd() {},
    write(message) {
      const frame = Buffer.allocUnsafe(FRAME_BYTES + message.length)
      frame[0] = 0
      frame.writeUInt32BE(message.length, 1)
      message.copy(frame, FRAME_BYTES)
      if (!stream.destroyed) stream.write(frame)
    },
    freeze: () => void stream.pause(),
    [Symbol.dispose]: () => session.destroy(),
  }
  let ended = false
  const end = (why: string) => {
    if (ended) return
    ended = true
    call.onEnd(why)
  }
  const endBy = (headers: IncomingHttpHeaders) => {
    if (headers['grpc-status'] !== undefined) end(decodeURIComponent(String(headers['grpc-message'] ?? '')) || `status ${headers['grpc-status']}`)
  }
  stream.on('response', endBy)
  stream.on('trailers', endBy)
  stream.on('error', (error) => end(error.message))
  stream.on('close', () => end('ended'))
  session.on('error', (error) => end(error.message))
  stream.on('data', inMessages((message) => call.onMessage(message)))
  return call
}

/** Puts messages together from what arrives. */
function inMessages(take: (message: Buffer) => void): (chunk: Buffer) => void {
  let parts: Buffer[] = []
  let length = 0
  return (chunk) => {
    parts.push(chunk)
    length += chunk.length
    for (;;) {
      if (length < FRAME_BYTES) return
      if ((parts[0]?.length ?? 0) < FRAME_BYTES) parts = [Buffer.concat(parts)]
      const end = FRAME_BYTES + (parts[0]?.readUInt32BE(1) ?? 0)
      if (length < end) return
      const whole = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
      take(whole.subarray(FRAME_BYTES, end))
      parts = length > end ? [whole.subarray(end)] : []
      length -= end
    }
  }
}
