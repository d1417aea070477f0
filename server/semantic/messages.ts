// The few messages of ext_proc that are spoken here, as plain values.
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/ext_proc/v3/external_processor.proto
import { fromBinary, type DescMessage } from '@bufbuild/protobuf'
import { encodeJson, type Json } from '../compile/encode.ts'
import { envoyApi } from '../compile/protos/registry.ts'
import { MeshError } from '../contracts/errors.ts'

export const EXT_PROC_PATH = '/envoy.service.ext_proc.v3.ExternalProcessor/Process'
const RESPONSE = 'type.googleapis.com/envoy.service.ext_proc.v3.ProcessingResponse'

export type ProcessingRequest =
  | { kind: 'headers'; headers: ReadonlyMap<string, string>; endOfStream: boolean; routeName: string }
  | { kind: 'body'; body: Buffer; endOfStream: boolean }
  | { kind: 'other' }

let request: DescMessage | undefined

function requestSchema(): DescMessage {
  request ??= envoyApi().getMessage('envoy.service.ext_proc.v3.ProcessingRequest')
  if (!request) throw new MeshError('internal', 'ext_proc is not in Envoy’s API as we have it')
  return request
}

/** The fields that are read, as protobuf-es gives them for this schema; a body is not copied. */
interface RequestMessage {
  request:
    | { case: 'requestHeaders'; value: { headers?: { headers: { key: string; value: string; rawValue: Uint8Array }[] }; endOfStream: boolean } }
    | { case: 'requestBody'; value: { body: Uint8Array; endOfStream: boolean } }
    | { case: undefined | 'other' }
  attributes: Record<string, Record<string, unknown>>
}

export function decodeProcessing(bytes: Uint8Array): ProcessingRequest {
  const { request, attributes } = fromBinary(requestSchema(), bytes) as unknown as RequestMessage // the schema's own shape
  switch (request.case) {
    case 'requestHeaders': {
      const headers = new Map((request.value.headers?.headers ?? []).map((header) => [header.key, header.rawValue.length > 0 ? Buffer.from(header.rawValue).toString('utf8') : header.value]))
      const routeName = attributes['envoy.filters.http.ext_proc']?.['xds.route_name']
      return { kind: 'headers', headers, endOfStream: request.value.endOfStream, routeName: typeof routeName === 'string' ? routeName : '' }
    }
    case 'requestBody':
      return { kind: 'body', body: Buffer.from(request.value.body.buffer, request.value.body.byteOffset, request.value.body.byteLength), endOfStream: request.value.endOfStream }
    default:
      return { kind: 'other' } // a message that was not asked for, of any release
  }
}

function encode(response: Json): Buffer {
  return Buffer.from(encodeJson(RESPONSE, response))
}

const modes = (request_body_mode: 'NONE' | 'BUFFERED') => ({ request_header_mode: 'SEND', request_body_mode, response_header_mode: 'SKIP', response_body_mode: 'NONE', request_trailer_mode: 'SKIP', response_trailer_mode: 'SKIP' })

const CONTINUE = { headers: encode({ request_headers: { response: {} } }), body: encode({ request_body: { response: {} } }) }
const ASK_BODY = encode({ request_headers: { response: {} }, mode_override: modes('BUFFERED') })

/** The headers wait; the body is to come, whole. */
export function encodeAskBody(): Buffer {
  return ASK_BODY
}

/** Nothing to say yet, or at all. */
export function encodeContinue(answers: 'headers' | 'body'): Buffer {
  return CONTINUE[answers]
}

/** Sets headers and has the route picked anew. */
export function encodeHeaders(answers: 'headers' | 'body', headers: Readonly<Record<string, string>>): Buffer {
  return encode(answers === 'headers' ? { request_headers: { response: mutation(headers) } } : { request_body: { response: mutation(headers) } })
}

function mutation(headers: Readonly<Record<string, string>>): Json {
  const set_headers = Object.entries(headers).map(([key, value]) => ({ header: { key, raw_value: Buffer.from(value).toString('base64') }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }))
  return { header_mutation: { set_headers }, clear_route_cache: true }
}
