// The world outside the mesh, for tests: a TLS server on loopback, and a client that reaches it by CONNECT.
import { request as httpRequest } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { selfSigned } from './self-signed.ts'

/** Another address of loopback: at 127.0.0.1 a sidecar takes a call for one to itself. */
const HOST = '127.0.0.2'

export interface Outside extends AsyncDisposable {
  host: string
  port: number
  certificate: string
  requests(): number
}

/** An https server that answers every request with `bytes` bytes. */
export async function startOutside(bytes: number): Promise<Outside> {
  const { certificate, key } = await selfSigned()
  let requests = 0
  const server = createServer({ cert: certificate, key }, (_request, response) => {
    requests += 1
    response.end('x'.repeat(bytes))
  })
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
  return {
    host: HOST,
    port: (server.address() as AddressInfo).port, // a TCP server's address is never a string
    certificate,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** `curl -x http://127.0.0.1:PROXY https://HOST:PORT/`: the length of the body, through a tunnel that only the client can read. */
export async function getThroughTunnel(proxyPort: number, outside: Outside): Promise<number> {
  const socket = await openTunnel(proxyPort, `${outside.host}:${outside.port}`)
  const secure = tlsConnect({ socket, ca: outside.certificate, servername: 'localhost' })
  secure.write(`GET / HTTP/1.1\r\nhost: ${outside.host}\r\nconnection: close\r\n\r\n`)
  let text = ''
  for await (const chunk of secure) text += String(chunk)
  return text.slice(text.indexOf('\r\n\r\n') + 4).length
}

function openTunnel(port: number, authority: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method: 'CONNECT', path: authority })
    request.once('connect', (response, socket) => (response.statusCode === 200 ? resolve(socket as Socket) : reject(new Error(`CONNECT ${authority} answered ${response.statusCode}`))))
    request.once('error', reject)
    request.end()
  })
}
