// The stock driver adapter does three things that Prisma's native engine does not: it splits a script at every `;`,
// which breaks function bodies and strings and loses the script's implicit transaction; it cannot name the type "char",
// which the engine selects when it describes a database; and it spreads statements over a pool, which loses SET.

import { PrismaPg } from '@prisma/adapter-pg'
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils'

const charOid = 18
const textOid = 25

/** The parts of the adapter that are replaced; some are private in its own types. */
interface DriverAdapter {
  executeScript(script: string): Promise<void>
  performIO(query: object): Promise<{ fields?: { dataTypeID: number }[]; rows: unknown[][] }>
  queryRaw(query: object): Promise<{ columnTypes: number[] }>
  onError(error: unknown): never
  underlyingDriver(): { query(script: string): Promise<unknown> }
  dispose(): Promise<void>
}

/** A factory of adapters that behave as the native engine's driver does, and a way to close them all. */
export interface DriverFactory {
  factory: PrismaPg
  close(): Promise<void>
}

/** Returns a factory of adapters for the URL; unqualified names mean the schema. */
export function createDriverFactory(connectionString: string, schema: string): DriverFactory {
  const factory = new PrismaPg({ connectionString, max: 1 }, { schema })
  const opened: DriverAdapter[] = []
  const connect = factory.connect.bind(factory)
  factory.connect = async () => {
    const adapter = await connect()
    const driver = adapter as unknown as DriverAdapter
    sendScriptsWhole(driver)
    nameCharColumns(driver)
    opened.push(driver)
    return adapter
  }
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((driver) => driver.dispose()))
  }
  return { factory, close }
}

function sendScriptsWhole(driver: DriverAdapter): void {
  const pool = driver.underlyingDriver()
  driver.executeScript = async (script) => {
    try {
      // Without values node-postgres uses the simple protocol, which takes several statements.
      await pool.query(script)
    } catch (error) {
      driver.onError(error)
    }
  }
}

function nameCharColumns(driver: DriverAdapter): void {
  const charColumns = new WeakMap<object, number[]>()
  const performIO = driver.performIO.bind(driver)
  const queryRaw = driver.queryRaw.bind(driver)
  driver.performIO = async (query) => {
    const result = await performIO(query)
    const columns: number[] = []
    for (const [index, field] of (result.fields ?? []).entries()) {
      if (field.dataTypeID === charOid) {
        field.dataTypeID = textOid
        columns.push(index)
      }
    }
    for (const row of result.rows) {
      for (const index of columns) {
        // The catalogs write "none" as the empty "char"; the engine expects one character or NULL.
        row[index] = row[index] === '' ? null : row[index]
      }
    }
    charColumns.set(query, columns)
    return result
  }
  driver.queryRaw = async (query) => {
    const result = await queryRaw(query)
    for (const index of charColumns.get(query) ?? []) {
      result.columnTypes[index] = ColumnTypeEnum.Character
    }
    return result
  }
}
