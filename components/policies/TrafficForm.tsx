'use client'
import { ChoiceAt, NumberAt, SwitchAt, TextAt } from '#components/mesh/BoundFields.tsx'
import { useBound } from '#components/mesh/form-context.tsx'
import { Part } from '#components/mesh/Part.tsx'
import type { Path } from '#components/mesh/pointer.ts'
import { TargetsCard } from './TargetsCard.tsx'

const BALANCERS = [
  { id: 'LeastRequest', title: 'fewest open calls' },
  { id: 'RoundRobin', title: 'in turn' },
  { id: 'Utilization', title: 'by the load they report' },
  { id: 'Random', title: 'by chance' },
  { id: 'RingHash', title: 'by a header (ring hash)' },
  { id: 'Maglev', title: 'by a header (Maglev)' },
] as const
const FIELDS = 'grid grid-cols-2 gap-2 sm:grid-cols-4'

/** Every field of a TrafficPolicy but its name: a part that is off says what stands without it. */
export function TrafficForm() {
  return (
    <div className="grid gap-3">
      <TargetsCard title="Calls to" />
      <Balancer path={['spec', 'loadBalancer']} />
      <Part path={['spec', 'locality']} title="Stay in the zone" off="Zones do not matter." fresh={() => ({ failoverBelowPercent: 70 })}>
        <NumberAt path={['spec', 'locality', 'failoverBelowPercent']} label="Go on to the next below, % healthy" optional placeholder="70" className="max-w-64" />
      </Part>
      <Part path={['spec', 'circuitBreaker']} title="Limits of a caller" off="65,536 calls and connections to a version: none that an agent meets." fresh={() => ({ maxRequests: 64 })}>
        <div className={FIELDS}>
          <NumberAt path={['spec', 'circuitBreaker', 'maxRequests']} label="Calls at once" optional placeholder="65536" />
          <NumberAt path={['spec', 'circuitBreaker', 'maxPendingRequests']} label="Calls that wait" optional placeholder="65536" />
          <NumberAt path={['spec', 'circuitBreaker', 'maxConnections']} label="Connections" optional placeholder="65536" />
          <NumberAt path={['spec', 'circuitBreaker', 'maxRetries']} label="Retries under way" optional placeholder="default" />
        </div>
      </Part>
      <Part path={['spec', 'connections']} title="Connections" off="2 s to connect; an idle connection stays open." fresh={() => ({ connectTimeout: '5s' })}>
        <div className={FIELDS}>
          <TextAt path={['spec', 'connections', 'connectTimeout']} label="Time to connect" optional placeholder="2s" hint="2s, 500ms" />
          <TextAt path={['spec', 'connections', 'idleTimeout']} label="Close when idle for" optional placeholder="never" />
          <NumberAt path={['spec', 'connections', 'maxRequestsPerConnection']} label="Calls on one" optional placeholder="no end" />
          <TextAt path={['spec', 'connections', 'keepalive', 'interval']} label="Check it every" optional placeholder="never" />
        </div>
      </Part>
      <Part path={['spec', 'outlierDetection']} title="Leave failing instances out" off="An instance that fails is used on; its probes and its lease decide." fresh={() => ({ consecutive5xx: 5 })}>
        <div className={FIELDS}>
          <NumberAt path={['spec', 'outlierDetection', 'consecutive5xx']} label="After 5xx in a row" optional placeholder="never" />
          <NumberAt path={['spec', 'outlierDetection', 'consecutiveGatewayErrors']} label="After 502–504 in a row" optional placeholder="never" />
          <TextAt path={['spec', 'outlierDetection', 'baseEjectionTime']} label="For" optional placeholder="30s" />
          <NumberAt path={['spec', 'outlierDetection', 'maxEjectionPercent']} label="At most, %" optional placeholder="50" />
          <TextAt path={['spec', 'outlierDetection', 'interval']} label="Looked at every" optional placeholder="5s" />
          <NumberAt path={['spec', 'panicThresholdPercent']} label="Use all below, % healthy" optional placeholder="0" />
        </div>
      </Part>
      <Part path={['spec', 'rateLimit']} title="Rate limit" off="No limit." fresh={() => ({ requests: 100, per: '1s' })}>
        <div className={FIELDS}>
          <NumberAt path={['spec', 'rateLimit', 'requests']} label="Calls" />
          <TextAt path={['spec', 'rateLimit', 'per']} label="Per" optional placeholder="1s" />
          <NumberAt path={['spec', 'rateLimit', 'burst']} label="At once after quiet" optional placeholder="as many" />
          <SwitchAt path={['spec', 'rateLimit', 'perCaller']} label="Each caller apart" />
        </div>
      </Part>
      <Part path={['spec', 'fault']} title="Trouble on purpose" off="None." fresh={() => ({ delay: { duration: '1s', percent: 10 } })}>
        <div className={FIELDS}>
          <TextAt path={['spec', 'fault', 'delay', 'duration']} label="Let calls wait" optional placeholder="none" />
          <NumberAt path={['spec', 'fault', 'delay', 'percent']} label="Of them, %" optional placeholder="100" />
          <NumberAt path={['spec', 'fault', 'abort', 'status']} label="Answer with status" optional placeholder="none" />
          <NumberAt path={['spec', 'fault', 'abort', 'percent']} label="Of them, %" optional placeholder="100" />
          <TextAt path={['spec', 'fault', 'header', 'name']} label="Only with the header" optional placeholder="any call" mono />
          <TextAt path={['spec', 'fault', 'header', 'value']} label="Of the value" optional mono />
        </div>
      </Part>
    </div>
  )
}

function Balancer({ path }: { path: Path }) {
  const { value } = useBound([...path, 'policy'])
  const hashes = value === 'RingHash' || value === 'Maglev'
  return (
    <Part path={path} title="Which instance" off="The one with the fewest open calls." fresh={() => ({ policy: 'LeastRequest' })}>
      <div className="grid gap-2 sm:grid-cols-3">
        <ChoiceAt path={[...path, 'policy']} label="Chosen" fallback="LeastRequest" options={BALANCERS} />
        <TextAt path={[...path, 'hashHeader']} label="Header to stay by" optional placeholder={hashes ? 'x-conversation' : 'none'} mono />
        <TextAt path={[...path, 'slowStart', 'window']} label="Full share of a new one after" optional placeholder="at once" />
        {value === 'Utilization' && <TextAt path={[...path, 'utilization', 'blackoutPeriod']} label="Its own report counts after" optional placeholder="10s" />}
        {value === 'Utilization' && <NumberAt path={[...path, 'utilization', 'errorPenalty']} label="Load that failures add" optional placeholder="1" />}
      </div>
    </Part>
  )
}
