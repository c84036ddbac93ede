export { createMigrationsClient } from './client.ts'
export { migrationsErrors } from './errors.ts'
export { databaseEvents, fleetRunEvents, migrationsEvents, runEvents } from './events.ts'
export { migrationsRoutes } from './routes.ts'
export { RunPhase, WorkProblem } from './schemas/common.ts'
export {
  Connection,
  Database,
  DatabaseChange,
  DatabaseRegistration,
  DriftFinding,
  JournalRun,
  MaintenanceWindow,
  weekdays,
} from './schemas/database.ts'
export { Fact, RunFact } from './schemas/fact.ts'
export { FleetRun, FleetRunRequest, FleetRunState, fleetRunStates } from './schemas/fleet-run.ts'
export {
  MigrationFile,
  MigrationSet,
  MigrationSetUpload,
  migrationSetBytesMax,
  migrationsMax,
} from './schemas/migration-set.ts'
export { DestructiveStatement, Plan, PlanState, planStates } from './schemas/plan.ts'
export { Approval, ApprovalRequest, Run, RunRequest, RunState, runStates } from './schemas/run.ts'
