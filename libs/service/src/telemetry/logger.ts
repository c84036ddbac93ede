// Logs: one JSON object a line, with the service's identity and the trace; never a secret.

import { type DestinationStream, type Logger, pino } from 'pino'
import type { ServiceIdentity } from '../identity.ts'
import { redact, redactText } from './redact.ts'
import { traceFields } from './trace-context.ts'

/** Returns the service's logger; it writes to standard output, or where it is told. */
export function createLogger(identity: ServiceIdentity, level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service: identity.name, version: identity.version, instance: identity.instance },
    messageKey: 'message',
    errorKey: 'error',
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: traceFields,
    serializers: { error: toErrorFields, err: toErrorFields },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => redact(fields) as Record<string, unknown>,
    },
    hooks: { streamWrite: redactText },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** Returns what the log says of an error. Of its own properties only the code: others hold rows, queries and headers. */
function toErrorFields(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) {
    return redact(error)
  }
  const code = (error as { code?: unknown }).code
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    stack: error.stack,
    // A chain of causes may lead back to its beginning.
    ...(error.cause === undefined || depth >= 5 ? {} : { cause: toErrorFields(error.cause, depth + 1) }),
  }
}
