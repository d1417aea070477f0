import { MeshError } from '../contracts/errors.ts'

/** The port that a flag names; undefined when the flag was left out. */
export function optionalPort(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new MeshError('invalid', `${flag} is “${text}”; it takes a port from 1 to 65535`)
  return port
}
