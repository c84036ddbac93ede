// Callers as the service meets them, on a thread of their own: kept-alive connections from one pool, half of the callers
// without a pause, half with pauses in which their connections lie idle. Each asks until it is refused or fails.

import { Agent, get, type IncomingMessage } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'

const { url, callers, announceAfter } = workerData as { url: string; callers: number; announceAfter: number }
const agent = new Agent({ keepAlive: true })
const outcomes: Record<string, number> = {}
let answers = 0

function ask(): Promise<string> {
  return new Promise((resolve) => {
    const request = get(url, { agent }, (response: IncomingMessage) => {
      response.resume()
      response.on('error', (error) => resolve(`body: ${error.message}`))
      response.on('end', () => resolve(String(response.statusCode)))
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      // The kernel resets a connection that nobody accepted before the listener closed.
      const isUnaccepted =
        error.code === 'ECONNRESET' && !request.reusedSocket && (request.socket?.bytesRead ?? 0) === 0
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : isUnaccepted ? 'unaccepted' : (error.code ?? error.message))
    })
  })
}

async function call(caller: number): Promise<void> {
  for (let outcome = '200'; outcome === '200'; ) {
    outcome = await ask()
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    answers++
    if (answers === announceAfter) {
      parentPort?.postMessage('loaded')
    }
    if (caller % 2 === 0) {
      await new Promise((resolve) => setTimeout(resolve, ((caller * 37) % 300) + 50))
    }
  }
}

await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)))
agent.destroy()
parentPort?.postMessage(outcomes)
