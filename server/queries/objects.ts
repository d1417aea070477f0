import type { Kind, MeshObject, ObjectRef } from '#server/contracts/object.ts'
import type { Db } from '#server/db/client.ts'
import { parseStored } from '#server/db/mesh-state.ts'

export async function readObject(db: Db, mesh: string, ref: ObjectRef): Promise<MeshObject | null> {
  const row = await db.prisma.storedObject.findUnique({ where: { mesh_kind_namespace_name: { mesh, ...ref } } })
  return row && parseStored(row)
}

/** Those of the named objects that there are. */
export async function readNamed(db: Db, mesh: string, refs: readonly ObjectRef[]): Promise<MeshObject[]> {
  const rows = await db.prisma.storedObject.findMany({ where: { mesh, OR: refs.map(({ kind, namespace, name }) => ({ kind, namespace, name })) } })
  return rows.map(parseStored)
}

export interface ObjectPage {
  kind: Kind
  namespace?: string
  /** Labels that an object must have, each with this value. */
  labels: Readonly<Record<string, string>>
  limit: number
  /** The last key of the page before. */
  after: { namespace: string; name: string } | null
}

/** Objects of one kind by namespace and name, and the mesh's revision that they are read at. */
export async function readObjects(db: Db, mesh: string, page: ObjectPage): Promise<{ items: MeshObject[]; revision: number }> {
  const { kind, namespace, labels, limit, after } = page
  const [row, objects] = await db.prisma.$transaction(
    [
      db.prisma.mesh.findUnique({ where: { name: mesh }, select: { head: true } }),
      db.prisma.storedObject.findMany({
        where: {
          mesh,
          kind,
          namespace,
          AND: Object.entries(labels).map(([key, value]) => ({ labels: { path: [key], equals: value } })),
          ...(after && { OR: [{ namespace: { gt: after.namespace } }, { namespace: after.namespace, name: { gt: after.name } }] }),
        },
        orderBy: [{ namespace: 'asc' }, { name: 'asc' }],
        take: limit,
      }),
    ],
    { isolationLevel: 'RepeatableRead' },
  )
  return { items: objects.map(parseStored), revision: row?.head ?? 0 }
}
