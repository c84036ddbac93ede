import { defineRoute } from '@freehold/contracts-base'
import { z } from 'zod'
import { catalogErrors as errors } from '../errors.ts'
import { ServiceId } from '../schemas/identifiers.ts'
import { Instance, InstanceId, InstanceReport } from '../schemas/instance.ts'

const service = z.object({ serviceId: ServiceId })
const instance = service.extend({ instanceId: InstanceId })
const operator = { role: 'operator', service: 'serviceId' } as const

/** The running instances of services. */
export const instanceRoutes = {
  listInstances: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/instances',
    summary: 'Lists the running instances of a service',
    access: { role: 'viewer', service: 'serviceId' },
    params: service,
    response: { 200: z.object({ items: z.array(Instance) }) },
    problems: [errors.serviceNotFound],
  }),
  reportInstance: defineRoute({
    method: 'PUT',
    path: '/v1/services/:serviceId/instances/:instanceId',
    summary: 'Registers an instance, and is its heartbeat',
    access: operator,
    params: instance,
    body: InstanceReport,
    response: { 200: Instance },
    problems: [errors.serviceNotFound],
  }),
  removeInstance: defineRoute({
    method: 'DELETE',
    path: '/v1/services/:serviceId/instances/:instanceId',
    summary: 'Says that an instance has ended',
    access: operator,
    params: instance,
    response: { 204: z.void() },
    problems: [errors.serviceNotFound, errors.instanceNotFound],
  }),
}
