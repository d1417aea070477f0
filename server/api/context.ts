import type { Context } from 'hono'
import type { Logger } from 'pino'
import type { Config } from '#server/config.ts'
import { MeshError } from '#server/contracts/errors.ts'
import type { Role } from '#server/contracts/security.ts'
import type { Auth } from '#server/auth/auth.ts'
import type { Caller } from '#server/auth/caller.ts'
import type { Db } from '#server/db/client.ts'
import type { Outside } from '#server/fetch/fetch.ts'
import type { Embedder } from '#server/semantic/embedder.ts'

/** What every handler finds in its context: `c.var.db`, `c.var.mesh`, …; handlers take nothing from module state. */
export interface ApiVariables {
  db: Db
  config: Config
  auth: Auth
  log: Logger
  /** Where URLs from outside may lead. */
  outside: Outside
  /** The sentence model, loaded with the first text. */
  embedder: Embedder
  /** Who asks; null when nobody is signed in. Read it through `requireRole`. */
  caller: Caller | null
  /** The mesh named by `?mesh=`, known to exist. */
  mesh: string
  /** Address that the request came from, for limits and the audit. */
  peer: string
}

export type ApiEnv = { Variables: ApiVariables }
export type ApiContext = Context<ApiEnv>

export interface ApiOptions {
  db: Db
  config: Config
  auth: Auth
  log: Logger
}

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 }

/** First line of every handler: the caller, or a refusal. Viewers read, operators change the mesh, admins change who may. */
export function requireRole(c: ApiContext, role: Role): Caller {
  const { caller } = c.var
  if (!caller) throw new MeshError('unauthenticated', 'sign in, or send an API token as “Authorization: Bearer …”')
  if (!roleCovers(caller.role, role)) throw new MeshError('forbidden', `this needs the role ${role}; ${caller.name} is ${caller.role}`)
  return caller
}

export function roleCovers(held: Role, needed: Role): boolean {
  return RANK[held] >= RANK[needed]
}
