/** The one list of ways to fail, with the status each has over HTTP (RFC 9110) and gRPC (google.rpc.Code). */
export const FAILURES = {
  bad_request: { http: 400, grpc: 3, title: 'The request cannot be read' },
  unauthenticated: { http: 401, grpc: 16, title: 'Not signed in' },
  forbidden: { http: 403, grpc: 7, title: 'Not allowed' },
  not_found: { http: 404, grpc: 5, title: 'Not found' },
  conflict: { http: 409, grpc: 10, title: 'Somebody else changed it first' },
  too_large: { http: 413, grpc: 8, title: 'Too large' },
  unsupported_media_type: { http: 415, grpc: 3, title: 'Unsupported content type' },
  invalid: { http: 422, grpc: 3, title: 'The object is not valid' },
  upgrade_required: { http: 426, grpc: 9, title: 'Another protocol is spoken here' },
  precondition_required: { http: 428, grpc: 9, title: 'Say which version you are changing' },
  rate_limited: { http: 429, grpc: 8, title: 'Too many requests' },
  internal: { http: 500, grpc: 13, title: 'Heddle failed' },
  unavailable: { http: 503, grpc: 14, title: 'Not available now' },
} as const satisfies Record<string, { http: number; grpc: number; title: string }>

export type FailureCode = keyof typeof FAILURES

/** One finding at one place of an object. `pointer` is RFC 6901 from the object's root; `code` is stable. */
export interface Problem {
  pointer: string
  code: string
  detail: string
}

/** An error whose message is a sentence for the person who will read it. */
export class MeshError extends Error {
  readonly code: FailureCode
  readonly problems: readonly Problem[]
  /** What the API adds to its answer, e.g. `{current: …}` on a conflict. */
  readonly extra: Readonly<Record<string, unknown>>

  constructor(
    code: FailureCode,
    message: string,
    options: { cause?: unknown; problems?: readonly Problem[]; extra?: Record<string, unknown> } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'MeshError'
    this.code = code
    this.problems = options.problems ?? []
    this.extra = options.extra ?? {}
  }
}

/** The sentence of anything thrown, for a log line or a status text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
