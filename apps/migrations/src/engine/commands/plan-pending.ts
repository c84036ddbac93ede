/**
 * Makes a proven plan for pending migrations: rehearse on a shadow, plan, prove on another, ask the live rows what they
 * would violate. Reads the live database and changes nothing in it.
 */
import { type Client, connect, sqlstates } from '@freehold/postgres'
import type { Catalog, RelationSize } from '../inspect/catalog.ts'
import { isNoHistory } from '../inspect/families/scope.ts'
import { fingerprintCatalog } from '../inspect/fingerprint.ts'
import { readCatalog } from '../inspect/read-catalog.ts'
import { readSizes } from '../inspect/read-sizes.ts'
import { parseMigration } from '../parse/parse-migration.ts'
import { persistTemporaryTables, removePersisted } from '../parse/persist-temporary.ts'
import { splitStatement } from '../parse/split-statement.ts'
import type { Migration, Statement, Unit } from '../parse/statement.ts'
import { briefTableBytesDefault } from '../plan/limits.ts'
import { hashOf } from '../plan/order-steps.ts'
import type { Plan, Refusal } from '../plan/plan.ts'
import { planAsWritten } from '../plan/plan-as-written.ts'
import { planMigrations } from '../plan/plan-migrations.ts'
import type { Step } from '../plan/step.ts'
import { toleratingLeftovers } from '../plan/tolerate-leftovers.ts'
import { type ProofResult, provePlan } from '../prove/prove-plan.ts'
import { resolveTwins } from '../prove/resolve-twins.ts'
import { findFailureTogether, mayFailTogether } from '../rehearse/as-one-transaction.ts'
import { readSurroundings } from '../rehearse/live-surroundings.ts'
import { makeRows } from '../rehearse/make-rows.ts'
import type { RelationName } from '../rehearse/observation.ts'
import { type Rehearsal, rehearseMigrations } from '../rehearse/rehearse-migrations.ts'
import { relevantTables } from '../rehearse/relevant-tables.ts'
import { isServerWide } from '../rehearse/server-wide.ts'
import { openHost, openShadow, type Shadow, type ShadowCopy } from '../rehearse/shadow.ts'
import type { ShadowHost } from '../rehearse/shadow-host.ts'
import type { OnFact } from '../run/facts.ts'
import { readTakenBack } from '../run/journal.ts'
import { askLiveRows } from './ask-live-rows.ts'
import { startDeadline } from './plan-deadline.ts'

export interface PlanPendingInput {
  client: Client
  databaseUrl: string
  schema: string
  /** All migrations before the pending ones, for a schema that can only be had by replaying them. */
  applied: Migration[]
  pending: Migration[]
  onFact: OnFact
  signal: AbortSignal
  planTimeoutMs?: number
  /** Used and left open; without it an embedded server is started for this plan alone. */
  shadowHost?: ShadowHost
}

export interface PendingPlan {
  plan: Plan
  /** The schema that the plan ends in, to name differences by; null where the plan is the files as they stand. */
  after: Catalog | null
}

/** Rows made a table on the shadow: enough for both sides of conditions, few enough to be made in milliseconds. */
const rowsPerTable = 8
const rowsSeed = 20260101
/** How often the rehearsal is begun anew without the rows of tables that made it fail. */
const rehearsalsMax = 8
const interruptAgainMs = 200

/**
 * Returns the plan for the pending migrations, proven unless it holds a refusal. Throws the Problem `stopped` or
 * `planTimedOut` soon after the signal or the limit, whatever a statement is waiting for.
 */
export async function planPending(input: PlanPendingInput): Promise<PendingPlan> {
  const deadline = startDeadline({ signal: input.signal, timeoutMs: input.planTimeoutMs })
  let cancelling: Promise<void> | undefined
  const release = onAbort(deadline.signal, () => {
    cancelling = cancelLive(input)
  })
  try {
    const made = await makePlan(input, deadline.signal)
    deadline.signal.throwIfAborted()
    return made
  } catch (error) {
    throw deadline.problem() ?? error
  } finally {
    release()
    deadline.close()
    await cancelling
  }
}

/** Runs the work when the signal is aborted, at once if it is already; the function that is returned takes that back. */
function onAbort(signal: AbortSignal, work: () => void): () => void {
  if (signal.aborted) {
    work()
  }
  signal.addEventListener('abort', work)
  return () => signal.removeEventListener('abort', work)
}

/** Ends the sessions on the shadow from then on, also those that are opened a moment later. */
function interruptOnAbort(signal: AbortSignal, opened: Promise<ShadowHost>): () => void {
  let timer: NodeJS.Timeout | undefined
  const interrupt = (): void => void opened.then(async (host) => await host.interrupt()).catch(() => {})
  const release = onAbort(signal, () => {
    interrupt()
    timer = setInterval(interrupt, interruptAgainMs)
  })
  return () => {
    release()
    clearInterval(timer)
  }
}

/** Ends what the session on the live database waits for. */
async function cancelLive({ client, databaseUrl }: PlanPendingInput): Promise<void> {
  // The plan is given up all the same; a session that cannot be reached ends with its connection.
  const { processID: pid } = client as Client & { processID: number | null }
  const canceller = await connect({ connectionString: databaseUrl, applicationName: 'freehold' }).catch(() => undefined)
  await canceller?.query('SELECT pg_cancel_backend($1)', [pid]).catch(() => {})
  await canceller?.end().catch(() => {})
}

async function makePlan(input: PlanPendingInput, signal: AbortSignal): Promise<PendingPlan> {
  input.onFact({ kind: 'preparing', what: 'inspect' })
  const { serverMajor, hasTables } = await lookFirst(input.client)
  if (!hasTables) {
    return { plan: planAsWritten(await readCatalog(input.client), input.pending), after: null }
  }
  // The server of the shadow starts while the live catalog is read.
  const opened = Promise.resolve(input.shadowHost ?? openHost({ serverMajor, liveUrl: input.databaseUrl }))
  opened.catch(() => {})
  const stopInterrupting = interruptOnAbort(signal, opened)
  try {
    const statements = await parsePending(input)
    const catalog = await readCatalog(input.client)
    const live = await readSurroundings(input.client)
    const replay = async (): Promise<string[]> => input.applied.map((migration) => migration.sql)
    const host = await opened
    const opening = openShadow({ catalog, live, schema: input.schema, replay, host, signal })
    // Read and written out while the shadow's server builds the schema.
    const sizing = readSizes(input.client, catalog).then((sizes) => {
      fingerprintCatalog(catalog)
      return sizes
    })
    sizing.catch(() => {})
    const shadow = await opening
    try {
      return await planOn(shadow, input, { catalog, sizes: await sizing, statements, isSuperuser: live.superuser })
    } finally {
      // With a server of the plan's own goes all that is on it.
      if (host.kind !== 'embedded' || input.shadowHost !== undefined) {
        await shadow.close()
      }
    }
  } finally {
    stopInterrupting()
    if (input.shadowHost === undefined) {
      await opened.then(
        (host) => host.close(),
        () => {},
      )
    }
  }
}

/** Tells whether there is a table of the user's that anybody could wait for. */
async function lookFirst(client: Client): Promise<{ serverMajor: number; hasTables: boolean }> {
  const { rows } = await client.query<{ serverMajor: number; hasTables: boolean }>(
    `SELECT current_setting('server_version_num')::int / 10000 AS "serverMajor", EXISTS (
       SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND ${isNoHistory('c.relname')}
          AND NOT starts_with(n.nspname::text, 'pg_') AND n.nspname NOT IN ('information_schema', 'freehold')
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                           WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ) AS "hasTables"`,
  )
  const [first] = rows
  if (first === undefined) {
    throw new Error('the server answered a query for one row with none')
  }
  return first
}

/** Parses what is pending to statements that can each be carried out on their own. */
async function parsePending(input: PlanPendingInput): Promise<{ statement: Statement; units: Unit[] }[]> {
  const takenBack = await readTakenBack(input.client)
  const statements: { statement: Statement; units: Unit[] }[] = []
  for (const migration of input.pending) {
    const persisted = persistTemporaryTables(await parseMigration(migration))
    for (const statement of persisted) {
      const repeated = takenBack.has(migration.id) ? toleratingLeftovers(statement) : statement
      statements.push({ statement: repeated, units: splitStatement(repeated) })
    }
  }
  return statements
}

interface Ground {
  catalog: Catalog
  sizes: RelationSize[]
  statements: { statement: Statement; units: Unit[] }[]
  /** Whether the live role is one; the role that rehearses is not. */
  isSuperuser: boolean
}

async function planOn(shadow: Shadow, input: PlanPendingInput, ground: Ground): Promise<PendingPlan> {
  input.onFact({ kind: 'preparing', what: 'rehearse' })
  const { rehearsal, copy } = await rehearse(shadow, ground)
  const planInput = {
    migrations: input.pending,
    rehearsal,
    catalog: ground.catalog,
    sizes: ground.sizes,
    schema: input.schema,
    briefTableBytes: briefTableBytes(),
  }
  const all = ground.statements.map(({ statement }) => statement)
  const after = rehearsal.after
  if (rehearsal.failure !== null) {
    const plan = planMigrations({ ...planInput, order: 'phased' })
    // Rows may violate a rule of a statement before it, which is then what fails first.
    const violated = plan.refusals.length > 0 ? [] : await askLiveRows(input.client, plan, all)
    return { plan: { ...plan, steps: [], refusals: [...violated, failureOf(rehearsal.failure, ground)] }, after }
  }
  let last: { plan: Plan; refusal: Refusal } | undefined
  const tried = new Set<string>()
  for (const order of ['phased', 'inOrder', 'unbridged'] as const) {
    input.onFact({ kind: 'preparing', what: 'plan' })
    const drafted = planMigrations({ ...planInput, order })
    if (tried.has(drafted.contentHash)) {
      continue
    }
    tried.add(drafted.contentHash)
    if (drafted.refusals.length > 0) {
      return { plan: drafted, after }
    }
    const twins = await resolveTwins(drafted.steps, shadow, ground.catalog)
    if (twins.outcome === 'refused') {
      last ??= { plan: { ...drafted, steps: [] }, refusal: refusalOf(twins.step, twins.reason, drafted) }
      continue
    }
    if (twins.outcome === 'different') {
      last ??= { plan: drafted, refusal: differenceOf(twins, drafted) }
      continue
    }
    const plan = withTwins(drafted, twins.steps, twins.warnings)
    const violated = await askLiveRows(input.client, plan, all)
    if (violated.length > 0) {
      return { plan: { ...plan, refusals: violated }, after }
    }
    input.onFact({ kind: 'preparing', what: 'prove' })
    const result = await prove(shadow, copy, ground, plan, after)
    if (result.outcome === 'proven') {
      await shadow.keepAs(copy, after)
      return { plan: { ...plan, proof: result.proof }, after }
    }
    // What the phased order cannot do is tried as written; its difference is the one that says more.
    last ??= { plan, refusal: differenceOf(result, plan) }
  }
  const { plan, refusal } = last as { plan: Plan; refusal: Refusal }
  return { plan: { ...plan, refusals: [refusal] }, after }
}

function briefTableBytes(): number {
  const given = process.env['FREEHOLD_BRIEF_TABLE_BYTES']
  return given === undefined || given === '' ? briefTableBytesDefault : Number(given)
}

/** Rehearses on made rows; tables whose rows make a statement fail are left empty, for made rows prove nothing about live ones. */
async function rehearse(shadow: Shadow, ground: Ground): Promise<{ rehearsal: Rehearsal; copy: ShadowCopy }> {
  const all = ground.statements.map(({ statement }) => statement)
  const holdRows = ground.sizes.filter((size) => size.hasRows).map(({ schema, name }) => ({ schema, name }))
  let filled = relevantTables(ground.catalog, all, holdRows)
  for (let attempt = 1; ; attempt += 1) {
    await shadow.fill((client) =>
      makeRows(client, ground.catalog, { tables: filled, statements: all, seed: rowsSeed, rowsPerTable }),
    )
    const together = mayFailTogether(all)
      ? await onCopy(shadow, (client) => findFailureTogether(client, all))
      : undefined
    const copy = await shadow.createCopy()
    if (removePersisted(all).length > 0) {
      await copy.client.query('CREATE SCHEMA IF NOT EXISTS freehold')
    }
    const rehearsal = await rehearseMigrations(copy.client, ground.statements, {
      isTolerated: () => false,
      ...(shadow.hasLiveRoles ? { before: ground.catalog } : {}),
    })
    const { failure } = rehearsal
    if (together !== undefined) {
      return { rehearsal: { ...rehearsal, failure: together }, copy }
    }
    if (failure === null || filled.length === 0 || !isAboutRows(failure.error.sqlstate)) {
      return { rehearsal, copy }
    }
    await copy.drop()
    const named = new Set(failure.relations.map(keyOf))
    const rest = filled.filter((name) => !named.has(keyOf(name)))
    filled = rest.length === filled.length || attempt >= rehearsalsMax ? [] : rest
  }
}

async function onCopy<T>(shadow: Shadow, work: (client: Client) => Promise<T>): Promise<T> {
  const copy = await shadow.createCopy()
  try {
    return await work(copy.client)
  } finally {
    await copy.drop()
  }
}

/** Data exceptions, constraint violations and errors that a trigger or a block raises. */
function isAboutRows(sqlstate: string): boolean {
  return sqlstate.startsWith('22') || sqlstate.startsWith('23') || sqlstate === 'P0001'
}

function keyOf(name: RelationName): string {
  return `${name.schema}\0${name.name}`
}

async function prove(
  shadow: Shadow,
  plain: ShadowCopy,
  ground: Ground,
  plan: Plan,
  after: Catalog,
): Promise<ProofResult> {
  return await provePlan({
    shadow,
    plain: plain.client,
    before: ground.catalog,
    after,
    steps: plan.steps,
    statements: ground.statements.map(({ statement }) => statement),
  })
}

function failureOf(failure: NonNullable<Rehearsal['failure']>, ground: Ground): Refusal {
  const { statement, error } = failure
  const { migrationId, index, line, sql } = statement
  const place = { migrationId, index, line, sql, estimate: null }
  if (isServerWide(statement.node)) {
    const reason =
      'it reaches beyond this database, so it can be neither rehearsed nor taken back: run it by hand and take it out of the migration'
    return { ...place, why: 'rule', sqlstate: null, reason }
  }
  if (ground.isSuperuser && error.sqlstate === sqlstates.insufficientPrivilege) {
    const reason = `it asks for a superuser's rights, which no rehearsal has (${error.message}): run it by hand and take it out of the migration`
    return { ...place, why: 'rule', sqlstate: null, reason }
  }
  const reason = `the statement fails as it is written: ${error.message}`
  return { ...place, why: 'plain', sqlstate: error.sqlstate, reason }
}

function withTwins(plan: Plan, steps: Step[], warnings: string[]): Plan {
  if (warnings.length === 0 && steps === plan.steps) {
    return plan
  }
  const { contentHash: _, proof, ...rest } = plan
  const resolved = { ...rest, steps, warnings: [...plan.warnings, ...warnings] }
  return { ...resolved, contentHash: hashOf(resolved), proof }
}

function refusalOf(step: Step, reason: string, plan: Plan): Refusal {
  const statement = plan.statements.find(
    (one) => one.migrationId === step.migrationId && one.index === Math.max(...step.statements),
  )
  return {
    migrationId: step.migrationId,
    index: statement?.index ?? 0,
    line: statement?.line ?? 1,
    sql: statement?.sql ?? '',
    why: 'twin',
    sqlstate: null,
    reason,
    estimate: { ...step.estimate, holdMs: statement?.plainHoldMs ?? step.estimate.holdMs },
  }
}

function differenceOf(result: Exclude<ProofResult, { outcome: 'proven' }>, plan: Plan): Refusal {
  const step = plan.steps.find((one) => one.id === result.stepId)
  const statement =
    plan.statements.find((one) => one.migrationId === step?.migrationId && step.statements.includes(one.index)) ??
    plan.statements[0]
  const shown = result.differences.slice(0, 3).map(({ object, what }) => `${object} (${what})`)
  const where = { expand: 'before the window', undo: 'after undo', contract: 'at the end' }[result.where]
  return {
    migrationId: statement?.migrationId ?? '',
    index: statement?.index ?? 0,
    line: statement?.line ?? 1,
    sql: statement?.sql ?? '',
    why: 'proof',
    sqlstate: result.sqlstate,
    reason: `the proof found a difference ${where}${step === undefined ? '' : ` (step ${step.id})`}: ${[result.message, ...shown].join('; ')}`,
    estimate: null,
  }
}
