import { z } from 'zod'
import { DnsLabel, MESH_DEFAULT, NAMESPACE_DEFAULT, ObjectName } from './ids.ts'

export const GROUP = 'heddle.dev'
export const HEDDLE_API = 'heddle.dev/v1alpha1'
export const GATEWAY_API = 'gateway.networking.k8s.io/v1'

/** An agent of the object's own namespace. */
export const AgentTarget = z.strictObject({ group: z.literal(GROUP).default(GROUP), kind: z.literal('Agent').default('Agent'), name: DnsLabel })

/** Objects with this label belong to the sample fleet and are removed with it. */
export const SAMPLE_LABEL = 'heddle.dev/sample'

const LabelKey = z.string().min(1).max(317).regex(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/, 'a label key is an optional prefix, a slash and a name')
const LabelValue = z.string().max(63).regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/, 'at most 63 letters, digits, "-", "_" or "."')

export const Labels = z.record(LabelKey, LabelValue).refine((labels) => Object.keys(labels).length <= 64, 'at most 64 labels')

/** Kubernetes-shaped metadata; what the server sets (`uid`, `generation`, …) is ignored on a write. */
export const ObjectMeta = z.strictObject({
  name: ObjectName,
  namespace: DnsLabel.default(NAMESPACE_DEFAULT),
  mesh: DnsLabel.default(MESH_DEFAULT).optional(),
  labels: Labels.default({}),
  annotations: z.record(LabelKey, z.string().max(16_384)).default({}),
  uid: z.string().optional(),
  /** Raised when `spec` changes. */
  generation: z.number().int().optional(),
  /** The revision that wrote this form of the object, as text; the ETag is this in quotes. */
  resourceVersion: z.string().optional(),
  creationTimestamp: z.string().optional(),
  /** Set when a file or Git owns the object; the console then shows it read-only. */
  managedBy: z.string().nullable().optional(),
})
export type ObjectMeta = z.infer<typeof ObjectMeta>
