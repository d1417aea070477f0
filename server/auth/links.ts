// One-time sign-in links. The page behind a link only shows a button; the POST of that button uses the link up, so that a mail
// scanner or a browser that fetches ahead does not.
import type { Db } from '#server/db/client.ts'
import { hashSecret, mintSecret } from './secrets.ts'

const LINK_LIFE_MINUTES = 15

/** A link's secret for a user; what was handed out before stays good until it is used or expires. */
export async function createSignInSecret(db: Db, userId: string): Promise<string> {
  const secret = mintSecret('')
  await db.pool.query('delete from sign_in_link where expires_at < now()')
  await db.pool.query(`insert into sign_in_link (hash, user_id, expires_at) values ($1, $2, now() + make_interval(mins => $3))`, [
    hashSecret(secret),
    userId,
    LINK_LIFE_MINUTES,
  ])
  return secret
}

/** Where the browser goes. The secret is in the fragment, which no server, proxy or Referer header sees. */
export function signInUrl(publicUrl: string, secret: string): string {
  return new URL(`/sign-in#link=${secret}`, publicUrl).href
}

/** Uses a link up and returns its user; null when it is unknown, used or expired. Of two at once, one gets it. */
export async function consumeSignInSecret(db: Db, secret: string): Promise<string | null> {
  const { rows } = await db.pool.query<{ user_id: string }>(
    'update sign_in_link set used_at = now() where hash = $1 and used_at is null and expires_at > now() returning user_id',
    [hashSecret(secret)],
  )
  return rows[0]?.user_id ?? null
}
