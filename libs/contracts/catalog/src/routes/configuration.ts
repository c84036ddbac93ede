import { defineRoute, pageOf, pageQuery } from '@freehold/contracts-base'
import { z } from 'zod'
import { catalogErrors as errors } from '../errors.ts'
import { Configuration, ConfigurationValues } from '../schemas/configuration.ts'
import { Json, ServiceId, SettingName } from '../schemas/identifiers.ts'
import { VersionDifference, VersionEntry } from '../schemas/service.ts'

const service = z.object({ serviceId: ServiceId })
const viewer = { role: 'viewer', service: 'serviceId' } as const
const operator = { role: 'operator', service: 'serviceId' } as const
const Version = z.int().min(1).max(2_147_483_647)
const ifVersion = z.int().optional().describe('Refuse when another version is the current one')

/** The configuration of services. */
export const configurationRoutes = {
  getConfiguration: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/configuration',
    summary: 'Returns the current configuration of a service, without its secrets',
    access: viewer,
    params: service,
    response: { 200: Configuration },
    problems: [errors.serviceNotFound],
  }),
  changeConfiguration: defineRoute({
    method: 'PATCH',
    path: '/v1/services/:serviceId/configuration',
    summary: 'Sets and unsets settings; running instances learn of it by an event',
    access: operator,
    params: service,
    body: z.strictObject({
      set: z.record(SettingName, Json).default({}),
      unset: z.array(SettingName).max(500).default([]),
      ifVersion,
    }),
    response: { 200: Configuration },
    problems: [errors.serviceNotFound, errors.versionStale, errors.configurationInvalid],
  }),
  followConfiguration: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/configuration/changes',
    summary:
      'Follows the configuration of a service by server-sent events: what holds now, then each change as it is made',
    access: viewer,
    params: service,
    query: z.object({
      after: z.int().min(0).max(2_147_483_647).optional().describe('Version that is known already'),
    }),
    response: { 200: Configuration },
    problems: [errors.serviceNotFound],
    stream: true,
    resumesBy: 'version',
  }),
  listConfigurationVersions: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/configuration/versions',
    summary: 'Lists the versions of a service’s configuration, newest first',
    access: viewer,
    params: service,
    query: z.object(pageQuery),
    response: { 200: pageOf(VersionEntry) },
    problems: [errors.serviceNotFound],
  }),
  getConfigurationVersion: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/configuration/versions/:version',
    summary: 'Returns one version of a service’s configuration, without its secrets',
    access: viewer,
    params: service.extend({ version: Version }),
    response: { 200: Configuration },
    problems: [errors.serviceNotFound, errors.versionNotFound],
  }),
  compareConfigurationVersions: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/configuration/difference',
    summary: 'Tells what differs between two versions; of secrets, that they differ',
    access: viewer,
    params: service,
    query: z.object({ from: Version, to: Version }),
    response: { 200: VersionDifference },
    problems: [errors.serviceNotFound, errors.versionNotFound],
  }),
  restoreConfiguration: defineRoute({
    method: 'POST',
    path: '/v1/services/:serviceId/configuration/restorations',
    summary: 'Puts the values of an earlier version back, secrets among them, as a new version',
    access: operator,
    params: service,
    body: z.strictObject({ version: Version, ifVersion }),
    response: { 201: Configuration },
    problems: [errors.serviceNotFound, errors.versionNotFound, errors.versionStale, errors.configurationInvalid],
  }),
  readConfigurationValues: defineRoute({
    method: 'POST',
    path: '/v1/services/:serviceId/configuration/readings',
    summary: 'Gives the service itself every value, secrets among them; each reading is in the audit log',
    access: viewer,
    params: service,
    response: { 200: ConfigurationValues },
    problems: [errors.serviceNotFound, errors.valuesForeign],
  }),
}
