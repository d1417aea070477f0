import { connection } from 'next/server'
import { readConfig } from '#server/config.ts'

/** Where agents send OTLP over HTTP: the collector of this machine, by the name that the console is reached at. */
export async function readOtlpUrl(): Promise<string> {
  await connection()
  const config = readConfig()
  const { protocol, hostname } = new URL(config.publicUrl)
  return `${protocol}//${hostname}:${config.otlpHttpPort}`
}
