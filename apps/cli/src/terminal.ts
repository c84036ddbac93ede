import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Output } from './surroundings.ts'

/** Returns the stream as an output whose reader may go away without an error, as `| head` does. */
export function toOutput(stream: NodeJS.WriteStream): Output {
  let closed = false
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      throw error
    }
    closed = true
  })
  return {
    write(text) {
      if (!closed) {
        stream.write(text)
      }
    },
    isTerminal: stream.isTTY === true,
    get columns() {
      // A terminal that does not tell its size says 0.
      return stream.columns > 0 ? stream.columns : undefined
    },
  }
}

/** Asks a question of yes or no at the terminal; the end of input, Ctrl-C and SIGTERM are a no. */
export function askAtTerminal(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve) => {
    terminal.once('close', () => resolve(false))
    signal.addEventListener('abort', () => terminal.close(), { once: true })
    terminal.once('SIGINT', () => {
      process.stderr.write('\n')
      terminal.close()
    })
    terminal.question(`${question} [y/N] `, (answer) => {
      resolve(/^\s*y(es)?\s*$/i.test(answer))
      terminal.close()
    })
  })
}

/** Asks at the terminal for something that is not shown; undefined where nothing is given. */
export function askSecretAtTerminal(question: string, signal: AbortSignal): Promise<string | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  process.stderr.write(`${question} `)
  return new Promise((resolve) => {
    terminal.once('close', () => {
      process.stderr.write('\n')
      resolve(undefined)
    })
    signal.addEventListener('abort', () => terminal.close(), { once: true })
    terminal.once('SIGINT', () => terminal.close())
    terminal.question('', (answer) => {
      const given = answer.trim()
      resolve(given === '' ? undefined : given)
      terminal.close()
    })
  })
}
