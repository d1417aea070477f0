import type { Role } from '#server/contracts/security.ts'

/** Who made a request, and by what: a signed-in person, an API token, or the token of `HEDDLE_ADMIN_TOKEN`. */
export interface Caller {
  kind: 'user' | 'token' | 'admin-token'
  id: string
  /** As the audit and a revision's author show it: an e-mail address, or `token NAME`. */
  name: string
  role: Role
}
