import { problemOf } from './api.ts'

/** Reads an answer of the API by its path; a problem is thrown as the MeshError that the server meant. `T` is the route's schema. */
export async function readJson<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init)
  if (response.ok) return (await response.json()) as T // the schema of the route; the server wrote it
  throw await problemOf(response)
}
