// Holds a lease while work is done, and stops the work when it is lost or when somebody asks for it.

import type { RunRow } from '../store/schema.ts'

export type StopReason = 'pause' | 'cancel' | 'shutdown' | 'leaseLost'

export interface LeaseWatch {
  /** Aborted when the work is to be stopped. */
  signal: AbortSignal
  reason(): StopReason | undefined
  close(): void
}

/** Starts renewing; `renew` returns undefined when the lease is lost, else what was asked of the work. */
export function watchLease(options: {
  leaseMs: number
  shutdown: AbortSignal
  renew(): Promise<{ requested?: RunRow['requested'] } | undefined>
}): LeaseWatch {
  const stop = new AbortController()
  let reason: StopReason | undefined
  let renewedAt = Date.now()
  let renewing = false
  const end = (why: StopReason): void => {
    reason ??= why
    stop.abort()
  }
  const onShutdown = (): void => end('shutdown')
  const renew = async (): Promise<void> => {
    if (renewing) {
      return
    }
    renewing = true
    const startedAt = Date.now()
    try {
      const renewed = await options.renew()
      if (renewed === undefined) {
        end('leaseLost')
      } else if (renewed.requested != null) {
        end(renewed.requested)
      }
      renewedAt = startedAt
    } catch {
      // The store may answer again in time; when it does not, another worker goes on.
    } finally {
      renewing = false
    }
  }
  const timer = setInterval(
    () => {
      if (Date.now() - renewedAt > options.leaseMs) {
        end('leaseLost')
      }
      void renew()
    },
    Math.max(50, Math.min(1000, options.leaseMs / 5)),
  )
  options.shutdown.addEventListener('abort', onShutdown)
  if (options.shutdown.aborted) {
    onShutdown()
  }
  return {
    signal: stop.signal,
    reason: () => reason,
    close() {
      clearInterval(timer)
      options.shutdown.removeEventListener('abort', onShutdown)
    },
  }
}
