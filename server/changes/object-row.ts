import type { StoredObject } from '#prisma/generated/client.ts'
import type { MeshObject, ObjectRef } from '../contracts/object.ts'
import { parseStored } from '../db/mesh-state.ts'
import type { PoolClient } from '../db/pool.ts'
import { canonicalText } from '../mesh/change.ts'

const COLUMNS = `mesh, kind, namespace, name, uid, generation, revision, labels, annotations, spec, managed_by as "managedBy", created_at as "createdAt"`
const KEY = 'mesh = $1 and kind = $2 and namespace = $3 and name = $4'

/** The object as it is now, locked until the transaction ends. */
export async function lockObject(client: PoolClient, mesh: string, ref: ObjectRef): Promise<MeshObject | null> {
  const { rows } = await client.query<StoredObject>(`select ${COLUMNS} from object where ${KEY} for update`, [mesh, ref.kind, ref.namespace, ref.name])
  return rows[0] ? parseStored(rows[0]) : null
}

/** Writes the content; uid and creation stay, and the generation rises when the spec differs. */
export async function writeObject(client: PoolClient, mesh: string, revision: number, object: MeshObject, before: MeshObject | null): Promise<MeshObject> {
  const raise = before !== null && canonicalText(before.spec) !== canonicalText(object.spec)
  const { rows } = await client.query<StoredObject>(
    `insert into object (mesh, kind, namespace, name, revision, labels, annotations, spec, managed_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (mesh, kind, namespace, name) do update
        set revision = $5, labels = $6, annotations = $7, spec = $8, generation = object.generation + $10
     returning ${COLUMNS}`,
    [
      mesh,
      object.kind,
      object.metadata.namespace,
      object.metadata.name,
      revision,
      JSON.stringify(object.metadata.labels),
      JSON.stringify(object.metadata.annotations),
      JSON.stringify(object.spec),
      object.metadata.managedBy ?? null,
      raise ? 1 : 0,
    ],
  )
  return parseStored(rows[0]!) // an upsert returns its row
}

export async function deleteObject(client: PoolClient, mesh: string, ref: ObjectRef): Promise<void> {
  await client.query(`delete from object where ${KEY}`, [mesh, ref.kind, ref.namespace, ref.name])
}
