'use client'
import type { CertificateList, Rotation } from '#server/contracts/security.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { call, reading, type List } from './call.ts'
import { TOPICS } from './topics.ts'

export function useCertificates() {
  return useLiveQuery<CertificateList>({ ...reading<CertificateList>(asks.certificates()), topics: TOPICS.identities, everyMs: 10_000 })
}

export function useRotations() {
  return useLiveQuery<List<Rotation>>({ ...reading<List<Rotation>>(asks.rotations()), topics: TOPICS.identities, everyMs: 10_000 })
}

export function isOver(rotation: Rotation): boolean {
  return rotation.state === 'done' || rotation.state === 'cancelled'
}

export async function startRotation(reason: string): Promise<Rotation> {
  return (await call<Rotation>('/rotations', { method: 'POST', body: { reason } })).body
}

export async function steerRotation(id: string, wish: 'pause' | 'resume' | 'cancel' | 'retire'): Promise<Rotation> {
  return (await call<Rotation>(`/rotations/${encodeURIComponent(id)}/${wish}`, { method: 'POST', body: {} })).body
}

export async function revokeCertificate(serial: string, reason: string): Promise<void> {
  await call(`/certificates/${encodeURIComponent(serial)}/revoke`, { method: 'POST', body: { reason } })
}

/** A long id as people compare it: its beginning and its end. */
export function shortId(id: string): string {
  return id.length > 14 ? `${id.slice(0, 6)}…${id.slice(-4)}` : id
}
