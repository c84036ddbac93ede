/** The one entry to running: opens the sessions, takes the lease, and closes all again. */
import { type Client, quoteIdentifier, sqlstateOf, sqlstates, withTransaction } from '@freehold/postgres'
import type { Target } from '../commands/target.ts'
import type { Catalog } from '../inspect/catalog.ts'
import { readCatalog } from '../inspect/read-catalog.ts'
import type { Migration } from '../parse/statement.ts'
import { maxLockMsDefault } from '../plan/limits.ts'
import type { Plan } from '../plan/plan.ts'
import type { Phase } from '../plan/step.ts'
import { Problem, problems } from '../problem.ts'
import { ensureHistory, historyTableName, insertStarted } from '../read/history.ts'
import { verifyRun } from '../verify/verify-run.ts'
import { checkServer } from './check-server.ts'
import { findOpenRun, findRun, insertRun, type Run, setHistoryRows, setRunState, setWindowCatalog } from './journal.ts'
import { ensureJournal, hasJournal } from './journal-schema.ts'
import { acquireLease, assertEpoch, epochSql, openEpoch } from './lease.ts'
import { lockDeadlineMsDefault } from './limits.ts'
import { runFiles } from './run-as-written.ts'
import { type RunContext, toInterruption } from './run-context.ts'
import { type PhaseOptions, runPhases, takeBack } from './run-plan.ts'
import { openSession } from './session.ts'

export interface RunnerOptions {
  /** Longest that any caller may wait for a step, its locks and what it does under them together. */
  maxLockMs?: number
  /** How long a step tries to get its locks. */
  lockDeadlineMs?: number
}

/** The only runner on a database, until it is closed. */
export interface Runner {
  /** The session that does the work; between steps it may be used for reading. */
  client: Client
  serverMajor: number
  findOpenRun(): Promise<Run | undefined>
  /**
   * Enters the run, and its migrations as begun where their tool keeps what is applied. `after` is the schema that it
   * should end in; `migrations` are the plan's as read, without which they are Prisma's.
   */
  startRun(plan: Plan, after?: Catalog | null, migrations?: Migration[]): Promise<Run>
  /** Runs the phases as far as they are not done; verifies the schema when the run is at its end. */
  runPhases(run: Run, phases: Phase[], options: PhaseOptions): Promise<void>
  /** Enters that a command ended with the run's window open, and the schema as it is then, for drift to compare with. */
  recordWindow(run: Run): Promise<void>
  /** Takes the run back, from wherever it is before its contract phase. */
  undoRun(run: Run): Promise<void>
  /** Runs the files as they stand, for a database without a table that anyone could wait for. */
  runAsWritten(plan: Plan, migrations: Migration[]): Promise<Run>
  close(): Promise<void>
}

/** Opens the only runner on the target; throws the Problem `anotherRunner` when there is one already. */
export async function openRunner(target: Target, options: RunnerOptions = {}): Promise<Runner> {
  const control = await openSession(target)
  const opened: Client[] = [control]
  const close = async (): Promise<void> => {
    // The lease goes last, so that nobody begins while this runner's sessions are still there.
    await Promise.all(opened.slice(1).map(async (client) => await client.end().catch(() => {})))
    await control.end().catch(() => {})
  }
  try {
    const serverMajor = await checkServer(control)
    const lease = await acquireLease(control)
    const client = await openSession(target)
    opened.push(client)
    const context = createContext(target, options, client, lease, async () => {
      const watcher = await openSession(target)
      opened.push(watcher)
      return watcher
    })
    return createRunner(context, serverMajor, close)
  } catch (error) {
    await close()
    throw error
  }
}

function createContext(
  target: Target,
  options: RunnerOptions,
  client: Client,
  lease: RunContext['lease'],
  openWatcher: () => Promise<Client>,
): RunContext {
  let watcher: Promise<Client> | undefined
  return {
    client,
    watcher: async () => {
      watcher ??= openWatcher()
      return await watcher
    },
    pid: (client as unknown as { processID: number }).processID,
    lease,
    epoch: '',
    schema: target.schema,
    maxLockMs: options.maxLockMs ?? maxLockMsDefault,
    lockDeadlineMs: options.lockDeadlineMs ?? lockDeadlineMsDefault,
    onFact: target.onFact,
    signal: target.signal,
  }
}

function createRunner(context: RunContext, serverMajor: number, close: () => Promise<void>): Runner {
  const { client } = context
  /** Lets every failure that ends a run without being the step's leave as a Problem. */
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw toInterruption(error, context.signal) ?? error
    }
  }
  return {
    client,
    serverMajor,
    close,
    findOpenRun: () =>
      guarded(async () => {
        if (!(await hasJournal(client))) {
          return undefined
        }
        await openJournal(context)
        return await findOpenRun(client)
      }),
    startRun: (plan, after = null, migrations = toPrismaMigrations(plan)) =>
      guarded(async () => {
        await openJournal(context)
        await prepareHistory(context, migrations)
        return await startRun(context, plan, after, migrations)
      }),
    runPhases: (run, phases, options) =>
      guarded(async () => {
        await openJournal(context)
        await runPhases(context, run, phases, options)
      }),
    recordWindow: (run) => guarded(async () => await setWindowCatalog(client, run, await readCatalog(client))),
    undoRun: (run) =>
      guarded(async () => {
        await openJournal(context)
        if (run.state === 'contracting') {
          throw new Problem(problems.nothingToUndo, 'the contract phase has begun')
        }
        await takeBack(context, run, null)
      }),
    runAsWritten: (plan, migrations) => guarded(async () => await runAsWritten(context, plan, migrations)),
  }
}

/** Makes the journal and opens this runner's epoch in it, once. */
async function openJournal(context: RunContext): Promise<void> {
  if (context.epoch === '') {
    await ensureJournal(context.client)
    context.epoch = await openEpoch(context.client)
  }
}

async function prepareHistory({ client, schema }: RunContext, migrations: Migration[]): Promise<void> {
  try {
    await ensureHistory(client, schema, migrations)
  } catch (error) {
    if (sqlstateOf(error) === sqlstates.insufficientPrivilege) {
      const { rows } = await client.query<{ role: string }>('SELECT quote_ident(current_user) AS role')
      throw new Problem(
        problems.rightsMissing,
        `this role may not create the table ${historyTableName(migrations)} in the schema ${schema}`,
        {
          hint: `connect as the schema's owner, or run: GRANT CREATE ON SCHEMA ${quoteIdentifier(schema)} TO ${rows[0]?.role}`,
        },
        error,
      )
    }
    throw error
  }
}

/** The files are entered as a run that is at its end, so that history and drift know of it; there is nothing to resume. */
async function runAsWritten(context: RunContext, plan: Plan, migrations: Migration[]): Promise<Run> {
  const { client } = context
  await openJournal(context)
  await prepareHistory(context, migrations)
  await runFiles(context, plan, migrations)
  const id = await withTransaction(client, async () => {
    const runId = await insertRun(client, plan, null, context.epoch)
    await setRunState(client, await getRun(client, runId), 'done')
    return runId
  })
  const run = await getRun(client, id)
  await verifyRun(client, run)
  return run
}

async function getRun(client: Client, id: string): Promise<Run> {
  const run = await findRun(client, id)
  if (run === undefined) {
    throw new Error(`the run ${id} is not in the journal`)
  }
  return run
}

function toPrismaMigrations(plan: Plan): Migration[] {
  return plan.migrations.map((migration) => ({ ...migration, sql: '' }))
}

async function startRun(context: RunContext, plan: Plan, after: Catalog | null, migrations: Migration[]): Promise<Run> {
  const { client } = context
  const chosen = new Set(plan.migrations.map(({ id }) => id))
  const id = await withTransaction(client, async () => {
    assertEpoch((await client.query(epochSql)).rows[0], context.epoch)
    const runId = await insertRun(client, plan, after, context.epoch)
    const rows: Record<string, string> = {}
    for (const migration of migrations.filter((one) => chosen.has(one.id))) {
      rows[migration.id] = await insertStarted(client, context.schema, migration)
    }
    await setHistoryRows(client, runId, rows)
    return runId
  })
  return await getRun(client, id)
}
