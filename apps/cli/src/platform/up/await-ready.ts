import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, identityRoutes } from '@freehold/contracts-base'
import { operatorRoutes } from '../operations/contract.ts'

const patienceMs = 60_000
const askEveryMs = 20

/** Resolves when the service says that it is ready. */
export async function awaitReady(baseUrl: string, signal: AbortSignal): Promise<void> {
  const client = createClient(operatorRoutes, { baseUrl })
  await retry(async () => await client.getReady({ signal }), signal)
}

/** Resolves when the key opens the platform: a catalog that has just started may not know it yet. */
export async function awaitKey(baseUrl: string, apiKey: string, signal: AbortSignal): Promise<void> {
  const client = createClient(identityRoutes, { baseUrl })
  await retry(async () => await client.issueToken({ body: { apiKey }, signal }), signal)
}

async function retry(ask: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  const deadlineAt = Date.now() + patienceMs
  for (;;) {
    try {
      await ask()
      return
    } catch (error) {
      if (signal.aborted || Date.now() > deadlineAt) {
        throw error
      }
      await sleep(askEveryMs)
    }
  }
}
