import { defineRoute, pageOf, pageQuery } from '@freehold/contracts-base'
import { z } from 'zod'
import { migrationsErrors as errors } from '../errors.ts'
import { Database, DatabaseChange, DatabaseRegistration, DriftFinding, JournalRun } from '../schemas/database.ts'
import { databaseParams, operator, owner, serviceParams, viewer } from './common.ts'

const databases = '/v1/services/:serviceId/databases'
const database = `${databases}/:databaseId` as const

export const databaseRoutes = {
  registerDatabase: defineRoute({
    method: 'POST',
    path: databases,
    summary: 'Registers a database of the service; the password is kept encrypted and never shown',
    access: owner,
    params: serviceParams,
    body: DatabaseRegistration,
    response: { 201: Database },
    problems: [errors.databaseExists, errors.connectionInvalid],
  }),
  listDatabases: defineRoute({
    method: 'GET',
    path: databases,
    summary: 'Lists the service’s databases by name',
    access: viewer,
    params: serviceParams,
    query: z.object(pageQuery),
    response: { 200: pageOf(Database) },
    problems: [],
  }),
  getDatabase: defineRoute({
    method: 'GET',
    path: database,
    summary: 'Reads a database',
    access: viewer,
    params: databaseParams,
    response: { 200: Database },
    problems: [errors.databaseNotFound],
  }),
  changeDatabase: defineRoute({
    method: 'PATCH',
    path: database,
    summary: 'Changes a database’s connection, windows or policy',
    access: owner,
    params: databaseParams,
    body: DatabaseChange,
    response: { 200: Database },
    problems: [errors.databaseNotFound, errors.connectionInvalid],
  }),
  removeDatabase: defineRoute({
    method: 'DELETE',
    path: database,
    summary: 'Forgets a database and its connection; the database itself and its runs stay',
    access: owner,
    params: databaseParams,
    response: { 204: z.void() },
    problems: [errors.databaseNotFound, errors.databaseInUse],
  }),
  getHistory: defineRoute({
    method: 'GET',
    path: `${database}/history`,
    summary: 'Reads the journal in the database itself: every run, whoever started it, the latest first',
    access: viewer,
    params: databaseParams,
    response: { 200: z.object({ items: z.array(JournalRun) }) },
    problems: [errors.databaseNotFound, errors.connectionInvalid, errors.databaseUnreachable],
  }),
  listDrift: defineRoute({
    method: 'GET',
    path: `${database}/drift`,
    summary: 'Lists drift that was found, the latest first',
    access: viewer,
    params: databaseParams,
    query: z.object(pageQuery),
    response: { 200: pageOf(DriftFinding) },
    problems: [errors.databaseNotFound],
  }),
  checkDrift: defineRoute({
    method: 'POST',
    path: `${database}/drift/checks`,
    summary: 'Asks for a look for drift as soon as a worker is free',
    access: operator,
    params: databaseParams,
    response: { 202: Database },
    problems: [errors.databaseNotFound],
  }),
}
