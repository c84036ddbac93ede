import type { ProblemDefinition } from '@freehold/contracts-base'

/** Problems of the migrations service; those of the engine (FHD_MIGRATE_…) come in `problem` of a plan or a run. */
export const migrationsErrors = {
  databaseNotFound: {
    code: 'FHD_MIGRATIONS_DATABASE_NOT_FOUND',
    status: 404,
    title: 'There is no such database',
    hint: 'list the service’s databases',
  },
  databaseExists: {
    code: 'FHD_MIGRATIONS_DATABASE_EXISTS',
    status: 409,
    title: 'The service has a database of this name',
    hint: 'change the one that is there, or choose another name',
  },
  databaseInUse: {
    code: 'FHD_MIGRATIONS_DATABASE_IN_USE',
    status: 409,
    title: 'A run of this database is not at its end',
    hint: 'wait for the run that is named, complete it, or cancel it',
  },
  connectionInvalid: {
    code: 'FHD_MIGRATIONS_CONNECTION_INVALID',
    status: 422,
    title: 'The connection cannot be used',
    hint: 'give a URL that reads postgresql://user:password@host:5432/database, or a reference that the service can follow',
  },
  databaseUnreachable: {
    code: 'FHD_MIGRATIONS_DATABASE_UNREACHABLE',
    status: 502,
    title: 'The database does not answer',
    hint: 'check its connection, and that it accepts connections from this service',
  },
  migrationSetNotFound: {
    code: 'FHD_MIGRATIONS_SET_NOT_FOUND',
    status: 404,
    title: 'There is no such migration set',
    hint: 'upload the migrations folder',
  },
  migrationSetInvalid: {
    code: 'FHD_MIGRATIONS_SET_INVALID',
    status: 422,
    title: 'The migration set does not hold together',
    hint: 'upload the folder as it is on disk, each file once, with Prisma’s checksums',
  },
  planNotFound: {
    code: 'FHD_MIGRATIONS_PLAN_NOT_FOUND',
    status: 404,
    title: 'There is no such plan',
    hint: 'make one for the database and the migration set',
  },
  planNotUsable: {
    code: 'FHD_MIGRATIONS_PLAN_NOT_USABLE',
    status: 409,
    title: 'The plan cannot be run',
    hint: 'make a plan for this database and this migration set, and wait until it is made',
  },
  runNotFound: {
    code: 'FHD_MIGRATIONS_RUN_NOT_FOUND',
    status: 404,
    title: 'There is no such run',
    hint: 'list the service’s runs',
  },
  runNotInState: {
    code: 'FHD_MIGRATIONS_RUN_NOT_IN_STATE',
    status: 409,
    title: 'The run is in a state in which this cannot be done',
    hint: 'read the run; docs/states.md shows what leads where',
  },
  approvalStale: {
    code: 'FHD_MIGRATIONS_APPROVAL_STALE',
    status: 409,
    title: 'The approval is for another plan',
    hint: 'read the plan as it is now, and give its content hash',
  },
  approverNotPerson: {
    code: 'FHD_MIGRATIONS_APPROVER_NOT_PERSON',
    status: 403,
    title: 'A plan is approved by a person',
    hint: 'sign in as a person with the role operator on this service',
  },
  fleetRunNotFound: {
    code: 'FHD_MIGRATIONS_FLEET_RUN_NOT_FOUND',
    status: 404,
    title: 'There is no such fleet run',
    hint: 'list the service’s fleet runs',
  },
  fleetRunNotInState: {
    code: 'FHD_MIGRATIONS_FLEET_RUN_NOT_IN_STATE',
    status: 409,
    title: 'The fleet run is in a state in which this cannot be done',
    hint: 'read the fleet run; docs/states.md shows what leads where',
  },
  fleetInvalid: {
    code: 'FHD_MIGRATIONS_FLEET_INVALID',
    status: 422,
    title: 'The fleet does not hold together',
    hint: 'name databases of this service, each once, the canary among them',
  },
} as const satisfies Record<string, ProblemDefinition>
