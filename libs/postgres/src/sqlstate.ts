/** SQLSTATEs that Freehold acts on, by the condition name of the manual's appendix A. */
export const sqlstates = {
  activeSqlTransaction: '25001',
  invalidTransactionTermination: '2D000',
  uniqueViolation: '23505',
  foreignKeyViolation: '23503',
  notNullViolation: '23502',
  checkViolation: '23514',
  exclusionViolation: '23P01',
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  undefinedTable: '42P01',
  undefinedObject: '42704',
  duplicateTable: '42P07',
  duplicateDatabase: '42P04',
  insufficientPrivilege: '42501',
  dependentObjectsStillExist: '2BP01',
  lockNotAvailable: '55P03',
  objectInUse: '55006',
  unsafeNewEnumValueUsage: '55P04',
  queryCanceled: '57014',
  adminShutdown: '57P01',
  diskFull: '53100',
  tooManyConnections: '53300',
  invalidCatalogName: '3D000',
  invalidSchemaName: '3F000',
  invalidPassword: '28P01',
  invalidAuthorization: '28000',
} as const

/** Returns the five-character SQLSTATE of an error that Postgres reported, else undefined. */
export function sqlstateOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

const networkCodes: ReadonlySet<string> = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

const connectionLossMessages = [
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Client was closed and is not queryable',
  'Client has encountered a connection error and is not queryable',
]

/** Tells whether the connection itself is gone, so that nothing is known of the statement that was under way. */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlstateOf(error)
  if (state !== undefined) {
    return state.startsWith('08') || state === '57P01' || state === '57P02' || state === '57P03'
  }
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code === 'string' && networkCodes.has(code)) {
    return true
  }
  // node-postgres gives these no code; the text is its own and not the server's.
  return connectionLossMessages.includes(messageOf(error))
}

// Of pg-pool, then of pg itself: no statement was sent.
const neverConnectedMessages = [
  'timeout exceeded when trying to connect',
  'Connection terminated due to connection timeout',
  'timeout expired',
]

/** Tells whether the database could not be reached: the connection is gone, or there never was one in time. */
export function isUnreachable(error: unknown): boolean {
  return (
    isConnectionLoss(error) || (sqlstateOf(error) === undefined && neverConnectedMessages.includes(messageOf(error)))
  )
}

function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null)?.message
  return typeof message === 'string' ? message : ''
}
