import { defineRoute, pageOf, pageQuery } from '@freehold/contracts-base'
import { z } from 'zod'
import { migrationsErrors as errors } from '../errors.ts'
import { MigrationFile, MigrationSet, MigrationSetUpload } from '../schemas/migration-set.ts'
import { Plan } from '../schemas/plan.ts'
import { databaseParams, migrationSetParams, operator, planParams, serviceParams, viewer } from './common.ts'

const sets = '/v1/services/:serviceId/migration-sets'

export const planRoutes = {
  uploadMigrationSet: defineRoute({
    method: 'POST',
    path: sets,
    summary: 'Uploads a Prisma migrations folder by content; the same content is kept once',
    access: operator,
    params: serviceParams,
    body: MigrationSetUpload,
    response: { 200: MigrationSet, 201: MigrationSet },
    problems: [errors.migrationSetInvalid],
  }),
  listMigrationSets: defineRoute({
    method: 'GET',
    path: sets,
    summary: 'Lists the service’s migration sets, the latest first',
    access: viewer,
    params: serviceParams,
    query: z.object(pageQuery),
    response: { 200: pageOf(MigrationSet.omit({ migrations: true })) },
    problems: [],
  }),
  getMigrationSet: defineRoute({
    method: 'GET',
    path: `${sets}/:migrationSetId`,
    summary: 'Reads a migration set: names and checksums',
    access: viewer,
    params: migrationSetParams,
    response: { 200: MigrationSet },
    problems: [errors.migrationSetNotFound],
  }),
  getMigrationFiles: defineRoute({
    method: 'GET',
    path: `${sets}/:migrationSetId/files`,
    summary: 'Reads the files of a migration set',
    access: viewer,
    params: migrationSetParams,
    response: { 200: z.object({ items: z.array(MigrationFile) }) },
    problems: [errors.migrationSetNotFound],
  }),
  makePlan: defineRoute({
    method: 'POST',
    path: '/v1/services/:serviceId/databases/:databaseId/plans',
    summary: 'Asks for a plan: rehearsed and proven on a shadow; the database is only read',
    access: operator,
    params: databaseParams,
    body: z.strictObject({ migrationSetId: z.uuid() }),
    response: { 202: Plan },
    problems: [errors.databaseNotFound, errors.migrationSetNotFound],
  }),
  getPlan: defineRoute({
    method: 'GET',
    path: '/v1/services/:serviceId/plans/:planId',
    summary: 'Reads a plan with every step, what takes it back, and what makes it destructive',
    access: viewer,
    params: planParams,
    response: { 200: Plan },
    problems: [errors.planNotFound],
  }),
}
