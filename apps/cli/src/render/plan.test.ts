import { describe, expect, it } from 'vitest'
import { collect } from '../testing/fake-surroundings.ts'
import { refusedPlan, samplePlan } from '../testing/sample-plan.ts'
import { renderPlanMarkdown } from './plan-markdown.ts'
import { renderPlanSql } from './plan-sql.ts'
import { renderPlanText } from './plan-text.ts'
import { createPaint } from './text.ts'

const plain = { paint: createPaint(collect(false), {}), schema: 'sales' }

describe('renderPlanText', () => {
  it('shows each statement as written beside what is done instead, the steps and the proof', () => {
    expect(renderPlanText(samplePlan, [], { ...plain, width: 100 })).toMatchInlineSnapshot(`
      "Plan: 2 migrations, 3 statements, PostgreSQL 18

      20260101000000_index
         1  CREATE INDEX "orders_status_idx" ON "orders" ("status")
            as written  SHARE on orders (1,204,311 rows, 310 MB); writes wait for about 6.5 s; reads all
                        of orders
            instead     concurrent: built beside the application, which goes on, in expand (e01)
            because     an index built concurrently lets writes go on

      20260102000000_total
         1  UPDATE "orders" SET "total" = 0 WHERE "total" IS NULL
            as written  ROW EXCLUSIVE on orders (1,204,311 rows, 310 MB); writes of the same rows wait for
                        about 9.0 s; reads all of orders
            instead     batched: in batches by key, in backfill (b01)
            because     short transactions hold row locks for about 80 ms each

         2  ALTER TABLE "orders" ALTER COLUMN "total" SET NOT NULL
            as written  ACCESS EXCLUSIVE on orders (1,204,311 rows, 310 MB); reads and writes wait for
                        about 812 ms; reads all of orders
            instead     validated: added unchecked, then validated while the application goes on, in
                        contract (c01, c02)
            because     the old version may still write NULL, and a constraint that is not valid needs no
                        scan

      expand
        e01   concurrent CREATE INDEX CONCURRENTLY "orders_stat…  about 6.5 s, 40 MB of WAL, 40 MB of disk
      backfill
        b01   batched    orders by id: short transactions hold row locks…  about 1 min 33 s, 512 MB of WAL
      contract
        c01   validated  check: rows of orders have no total                                  about 812 ms
        c02   validated  ALTER TABLE "orders" ADD CONSTRAINT "orders_total_not_null" NOT NULL…  about 2 ms

      later    20260103000000_rename: it names a column that only the contract phase of this plan gives

      warning  pg_stat_replication may not be read by this role: standbys were not looked at

      Proven on a shadow: expand and undo leave schema and rows as they were; all phases leave what the
      plain statements leave.
      Statement 1 of 20260102000000_total touched 12 rows there.

      Next: freehold migrate deploy runs expand and backfill; freehold migrate complete runs contract when
      the old version is gone.
      "
    `)
  })

  it('shows a refusal with its reason, its cost and its remedy', () => {
    expect(renderPlanText(refusedPlan, [], { ...plain, width: 80 })).toMatchInlineSnapshot(`
      "Plan: 2 migrations, 1 statement, PostgreSQL 18

      20260102000000_total
         3  ALTER TABLE "orders" ALTER COLUMN "id" TYPE bigint
            as written  ACCESS EXCLUSIVE on orders (1,204,311 rows, 310 MB); reads and
                        writes wait for about 9.3 s; rewrites orders
            instead     refused, see below

      refused  20260102000000_total, statement 3, line 5
        sql      ALTER TABLE "orders" ALTER COLUMN "id" TYPE bigint
        reason   the type of a column changes, so the whole table is written anew; as
                 written it takes about 9.3 s, 310 MB of WAL, 310 MB of disk
        to do    where it may block: a comment before the statement, -- freehold:
                 allow-blocking "<reason>", runs it as written

      Not proven, for it is not run.

      Refused: nothing of this plan is run until the statement above is settled.
      "
    `)
  })

  it.each([80, 100, 120])('fits %d columns', (width) => {
    for (const plan of [samplePlan, refusedPlan]) {
      const widest = Math.max(
        ...renderPlanText(plan, ['a warning '.repeat(30)], { ...plain, width })
          .split('\n')
          .map((line) => line.length),
      )
      expect(widest).toBeLessThanOrEqual(width)
    }
  })

  it('only lists the files where nobody can wait', () => {
    const text = renderPlanText(
      { ...samplePlan, mode: 'asWritten', proof: null, postponed: [], warnings: [], steps: [] },
      [],
      { ...plain, width: 100 },
    )
    expect(text).toContain('the files run as they stand')
    expect(text).not.toContain('CREATE INDEX')
  })

  it('shows control characters as escapes, so that a file cannot write to the terminal', () => {
    const statement = {
      ...samplePlan.statements[0],
      sql: 'SELECT 1 -- \u001b]0;owned\u0007',
    } as (typeof samplePlan.statements)[number]
    const text = renderPlanText({ ...samplePlan, statements: [statement] }, [], { ...plain, width: 100 })
    expect(text).toContain('\\x1b]0;owned\\x07')
    expect(text).not.toContain('\u001b')
  })
})

describe('renderPlanMarkdown', () => {
  it('gives the same table for a pull request', () => {
    expect(renderPlanMarkdown(samplePlan, [], 'sales')).toMatchInlineSnapshot(`
      "### Freehold: 2 migrations, 3 statements, PostgreSQL 18

      **20260101000000\\_index**

      | | Statement | As written | Instead | Why |
      |--:|---|---|---|---|
      | 1 | \`CREATE INDEX "orders_status_idx" ON "orders" ("status")\` | SHARE on orders (1,204,311 rows, 310 MB); writes wait for about 6.5 s; reads all of orders | concurrent: built beside the application, which goes on, in expand (e01) | an index built concurrently lets writes go on |

      **20260102000000\\_total**

      | | Statement | As written | Instead | Why |
      |--:|---|---|---|---|
      | 1 | \`UPDATE "orders" SET "total" = 0 WHERE "total" IS NULL\` | ROW EXCLUSIVE on orders (1,204,311 rows, 310 MB); writes of the same rows wait for about 9.0 s; reads all of orders | batched: in batches by key, in backfill (b01) | short transactions hold row locks for about 80 ms each |
      | 2 | \`ALTER TABLE "orders" ALTER COLUMN "total" SET NOT NULL\` | ACCESS EXCLUSIVE on orders (1,204,311 rows, 310 MB); reads and writes wait for about 812 ms; reads all of orders | validated: added unchecked, then validated while the application goes on, in contract (c01, c02) | the old version may still write NULL, and a constraint that is not valid needs no scan |

      <details><summary>4 steps</summary>

      | Step | Phase | Mechanism | What | Estimate |
      |---|---|---|---|---|
      | e01 | expand | concurrent | \`CREATE INDEX CONCURRENTLY "orders_status_idx" ON "orders" ("status")\` | about 6.5 s, 40 MB of WAL, 40 MB of disk |
      | b01 | backfill | batched | \`orders by id: short transactions hold row locks for about 80 ms each\` | about 1 min 33 s, 512 MB of WAL |
      | c01 | contract | validated | \`check: rows of orders have no total\` | about 812 ms |
      | c02 | contract | validated | \`ALTER TABLE "orders" ADD CONSTRAINT "orders_total_not_null" NOT NULL "total" NOT VALID\` | about 2 ms |

      </details>

      - Later: \`20260103000000_rename\`: it names a column that only the contract phase of this plan gives
      - Warning: pg\\_stat\\_replication may not be read by this role: standbys were not looked at
      - Proven on a shadow: expand and undo leave schema and rows as they were; all phases leave what the plain statements leave.
      - Statement 1 of 20260102000000\\_total touched 12 rows there.
      - Next: freehold migrate deploy runs expand and backfill; freehold migrate complete runs contract when the old version is gone.
      "
    `)
  })

  it('keeps pipes, backticks and tags of a statement inside its cell', () => {
    const statement = {
      ...samplePlan.statements[0],
      sql: "SELECT '`|<b>' || x",
      reason: 'a|b <script>',
    } as (typeof samplePlan.statements)[number]
    const text = renderPlanMarkdown({ ...samplePlan, statements: [statement] }, [], 'sales')
    expect(text).toContain("`` SELECT '`\\|<b>' \\|\\| x ``")
    expect(text).toContain('a\\|b &lt;script>')
  })
})

describe('renderPlanSql', () => {
  it('prints the SQL by phase, with the reason and the undo of each step as comments', () => {
    expect(renderPlanSql(samplePlan)).toMatchInlineSnapshot(`
      "-- 2 migrations, 3 statements, PostgreSQL 18; plan c0ffee
      -- For reading. freehold migrate deploy runs it with bounded waits for locks, step by step, with a journal.

      -- ==== expand ====

      -- e01 concurrent: 20260101000000_index (statement 1)
      -- an index built concurrently lets writes go on
      -- outside a transaction
      CREATE INDEX CONCURRENTLY "orders_status_idx" ON "orders" ("status");
      -- undo: -- outside a transaction
      -- undo: DROP INDEX CONCURRENTLY "orders_status_idx";

      -- ==== backfill ====

      -- b01 batched: 20260102000000_total (statement 1)
      -- short transactions hold row locks for about 80 ms each
      CREATE TABLE "freehold"."kept_1" ("id" bigint);
      -- for each range of sales.orders by (id), one transaction a range;
      -- $1: the key before it, $2: its last key, $3: now()
      -- UPDATE "orders" SET "total" = 0 WHERE "id" > $1::bigint AND "id" <= $2::bigint AND "total" IS NULL;

      -- ==== contract ====

      -- c01 validated: 20260102000000_total (statement 2)
      -- rows that violate the rule are found before it is there
      -- stops here when this finds a row: rows of orders have no total
      SELECT "id"::text FROM "orders" WHERE "total" IS NULL LIMIT 3;
      -- undo: -- a check changes nothing

      -- c02 validated: 20260102000000_total (statement 2)
      -- a constraint that is not valid needs no scan
      BEGIN;
      -- with search_path = "sales"
      -- locks sales.orders in ACCESS EXCLUSIVE mode
      ALTER TABLE "orders" ADD CONSTRAINT "orders_total_not_null" NOT NULL "total" NOT VALID;
      COMMIT;
      -- undo: BEGIN;
      -- undo: ALTER TABLE "orders" DROP CONSTRAINT "orders_total_not_null";
      -- undo: COMMIT;
      "
    `)
  })

  it('prints a refused statement as a comment only', () => {
    const lines = renderPlanSql(refusedPlan)
      .split('\n')
      .filter((line) => line !== '')
    expect(lines.every((line) => line.startsWith('--'))).toBe(true)
  })
})
