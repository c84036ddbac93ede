import type { FastifyInstance } from 'fastify'
import { drainOf, type ServiceConfig } from './app.ts'

export interface RunningService {
  /** Where it answers: the address and port that it got. */
  url: string
  /** Drains and ends it: resolves when the last answer is sent, workers have stopped and connections are closed. */
  close(): Promise<void>
}

type ListenConfig = Pick<ServiceConfig, 'HOST' | 'PORT' | 'DRAIN_DELAY_MS' | 'DRAIN_TIMEOUT_MS'>

/** Listens, and returns how to end it. */
export async function startService(app: FastifyInstance, config: ListenConfig): Promise<RunningService> {
  // Fastify would listen twice for localhost, on a second server whose connections nobody watches.
  const host = config.HOST === 'localhost' ? '127.0.0.1' : config.HOST
  const url = await app.listen({ host, port: config.PORT })
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    app.log.info('draining')
    await drainOf(app).begin({ delayMs: config.DRAIN_DELAY_MS, timeoutMs: config.DRAIN_TIMEOUT_MS })
    await app.close()
    app.log.info('ended')
  }
  return {
    url,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

/** Ends the service on SIGTERM or SIGINT, and then the process; a second signal ends it at once. */
export function closeOnSignals(service: RunningService): void {
  const end = (signal: NodeJS.Signals): void => {
    process.once(signal, () => process.exit(1))
    service.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}
