// Changes of configurations for those who hear no events. All who follow on this instance share one look at the tables,
// so that however many they are the database is asked four times a second.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Configuration } from '@freehold/contracts-catalog'
import { getConfigurationVersion, readCurrentVersions } from '../../store/configurations.ts'
import type { Store } from '../../store/schema.ts'
import { getService } from '../../store/services.ts'
import { toConfiguration } from './to-configuration.ts'

const lookEveryMs = 250

/** Tells of new versions of configurations. */
export interface ConfigurationWatch {
  /** Resolves with the current version once it is later than the known one; with undefined when the signal comes first. */
  findLater(serviceId: string, known: number, signal: AbortSignal): Promise<number | undefined>
}

interface Waiting {
  serviceId: string
  known: number
  resolve(version: number | undefined): void
  reject(error: unknown): void
}

/** Returns a watch; it looks at the tables for as long as somebody waits. */
export function createConfigurationWatch(store: Store): ConfigurationWatch {
  const waiting = new Set<Waiting>()
  let isLooking = false
  const look = async (): Promise<void> => {
    isLooking = true
    try {
      while (waiting.size > 0) {
        const versions = await readCurrentVersions(store, [...new Set([...waiting].map(({ serviceId }) => serviceId))])
        for (const { serviceId, known, resolve } of [...waiting]) {
          const version = versions.get(serviceId) ?? 0
          if (version > known) {
            resolve(version)
          }
        }
        await sleep(lookEveryMs)
      }
    } catch (error) {
      for (const { reject } of [...waiting]) {
        reject(error)
      }
    } finally {
      isLooking = false
    }
  }
  return {
    findLater: (serviceId, known, signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => one.resolve(undefined)
        const end = (): void => {
          waiting.delete(one)
          signal.removeEventListener('abort', stop)
        }
        const one: Waiting = {
          serviceId,
          known,
          resolve(version) {
            end()
            resolve(version)
          },
          reject(error) {
            end()
            reject(error)
          },
        }
        if (signal.aborted) {
          resolve(undefined)
          return
        }
        signal.addEventListener('abort', stop, { once: true })
        waiting.add(one)
        if (!isLooking) {
          void look()
        }
      }),
  }
}

/**
 * Yields the configuration as it is, unless that version is known, and then each time it has changed, until the signal. Of
 * changes in quick succession the last is told. Throws the Problem serviceNotFound.
 */
export async function* followConfiguration(
  store: Store,
  watch: ConfigurationWatch,
  { serviceId, after, signal }: { serviceId: string; after: number; signal: AbortSignal },
): AsyncGenerator<Configuration, void> {
  const service = await getService(store, serviceId)
  let known = after
  let current: number | undefined = service.configuration_version
  while (current !== undefined) {
    if (current > known) {
      yield toConfiguration(await getConfigurationVersion(store, serviceId, current))
      known = current
    }
    current = await watch.findLater(serviceId, known, signal)
  }
}
