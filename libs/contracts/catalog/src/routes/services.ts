import { defineRoute, pageOf, pageQuery } from '@freehold/contracts-base'
import { z } from 'zod'
import { catalogErrors as errors } from '../errors.ts'
import { ServiceId } from '../schemas/identifiers.ts'
import {
  Consumption,
  FileFault,
  Service,
  StrategyVersion,
  VersionDifference,
  VersionEntry,
} from '../schemas/service.ts'
import { Strategy } from '../schemas/strategy.ts'

/** The text of a freehold.yaml; its own bounds are in bytes and checked when it is read. */
const Text = z.string().max(100_000)
const service = z.object({ serviceId: ServiceId })
const viewer = { role: 'viewer', service: 'serviceId' } as const
const operator = { role: 'operator', service: 'serviceId' } as const
const ifVersion = z.int().optional().describe('Refuse when another version is the current one')
const invalid = [errors.strategyInvalid, errors.strategyOfAnother, errors.configurationInvalid] as const

/** Services and their strategies. */
export const serviceRoutes = {
  listServices: defineRoute({
    method: 'GET',
    path: '/v1/services',
    summary: 'Lists the services on which the caller has a role',
    access: 'authenticated',
    query: z.object(pageQuery),
    response: { 200: pageOf(Service) },
    problems: [],
  }),
  registerService: defineRoute({
    method: 'POST',
    path: '/v1/services',
    summary: 'Makes a service known, with its strategies',
    access: { role: 'operator' },
    body: z.strictObject({ serviceId: ServiceId, text: Text.default('') }),
    response: { 201: Service },
    problems: [errors.serviceExists, ...invalid],
  }),
  getService: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId',
    summary: 'Returns a service',
    access: viewer,
    params: service,
    response: { 200: Service },
    problems: [errors.serviceNotFound],
  }),
  checkStrategy: defineRoute({
    method: 'POST',
    path: '/v1/strategy-checks',
    summary: 'Tells what is wrong with a freehold.yaml, and changes nothing',
    access: 'authenticated',
    body: z.strictObject({ text: Text }),
    response: { 200: z.object({ faults: z.array(FileFault), strategy: Strategy.nullable() }) },
    problems: [],
  }),
  getStrategy: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/strategy',
    summary: 'Returns the current strategies of a service',
    access: viewer,
    params: service,
    response: { 200: StrategyVersion },
    problems: [errors.serviceNotFound],
  }),
  applyStrategy: defineRoute({
    method: 'PUT',
    path: '/v1/services/:serviceId/strategy',
    summary: 'Applies a freehold.yaml; the same text again makes no new version; owners alone change migrate in it',
    access: operator,
    params: service,
    body: z.strictObject({ text: Text, ifVersion }),
    response: { 200: StrategyVersion },
    problems: [errors.serviceNotFound, errors.versionStale, ...invalid],
  }),
  listStrategyVersions: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/strategy/versions',
    summary: 'Lists the versions of a service’s strategies, newest first',
    access: viewer,
    params: service,
    query: z.object(pageQuery),
    response: { 200: pageOf(VersionEntry) },
    problems: [errors.serviceNotFound],
  }),
  getStrategyVersion: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/strategy/versions/:version',
    summary: 'Returns one version of a service’s strategies',
    access: viewer,
    params: service.extend({ version: z.int().min(1).max(2_147_483_647) }),
    response: { 200: StrategyVersion },
    problems: [errors.serviceNotFound, errors.versionNotFound],
  }),
  compareStrategyVersions: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/strategy/difference',
    summary: 'Tells what differs between two versions of a service’s strategies',
    access: viewer,
    params: service,
    query: z.object({ from: z.int().min(1).max(2_147_483_647), to: z.int().min(1).max(2_147_483_647) }),
    response: { 200: VersionDifference },
    problems: [errors.serviceNotFound, errors.versionNotFound],
  }),
  restoreStrategy: defineRoute({
    method: 'POST',
    path: '/v1/services/:serviceId/strategy/restorations',
    summary:
      'Puts an earlier version of a service’s strategies back, as a new version; owners alone when migrate differs',
    access: operator,
    params: service,
    body: z.strictObject({ version: z.int().min(1).max(2_147_483_647), ifVersion }),
    response: { 201: StrategyVersion },
    problems: [errors.serviceNotFound, errors.versionNotFound, errors.versionStale, ...invalid],
  }),
  listConsumers: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/consumers',
    summary: 'Lists who calls the API of a service, and who handles its events',
    access: viewer,
    params: service,
    response: { 200: z.object({ items: z.array(Consumption) }) },
    problems: [errors.serviceNotFound],
  }),
}
