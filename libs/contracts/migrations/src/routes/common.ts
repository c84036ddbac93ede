import { z } from 'zod'
import { ServiceName } from '../schemas/common.ts'

const service = { serviceId: ServiceName }
/** Path parameters; each path begins with the service whose roles decide who may call. */
export const serviceParams = z.object(service)
export const databaseParams = z.object({ ...service, databaseId: z.uuid() })
export const migrationSetParams = z.object({ ...service, migrationSetId: z.uuid() })
export const planParams = z.object({ ...service, planId: z.uuid() })
export const runParams = z.object({ ...service, runId: z.uuid() })
export const fleetRunParams = z.object({ ...service, fleetRunId: z.uuid() })

export const viewer = { role: 'viewer', service: 'serviceId' } as const
export const operator = { role: 'operator', service: 'serviceId' } as const
export const owner = { role: 'owner', service: 'serviceId' } as const
