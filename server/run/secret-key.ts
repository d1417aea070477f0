import { randomBytes } from 'node:crypto'
import type { Config } from '../config.ts'
import { readPrivate, writePrivate, type HomePaths } from './home.ts'

/**
 * What control gets to open CA keys with: the operator's own key, or the home's, made on the first start. Only control is handed it;
 * it opens what was sealed with it, or refuses to start.
 */
export function secretKeyFor(home: HomePaths, config: Pick<Config, 'secretKey'>): Record<string, string> {
  if (config.secretKey) return { HEDDLE_SECRET_KEY: config.secretKey }
  if (readPrivate(home.secretKey) === null) writePrivate(home.secretKey, `${randomBytes(32).toString('base64')}\n`)
  return { HEDDLE_SECRET_KEY_FILE: home.secretKey }
}
