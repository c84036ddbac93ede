import process from 'node:process'
import { text } from 'node:stream/consumers'
import { runProgram } from './program.ts'
import { askAtTerminal, askSecretAtTerminal, toOutput } from './terminal.ts'

const canAsk = process.stdin.isTTY === true && process.stderr.isTTY === true

// The exit code is left for the end of the event loop, so that nothing written to a pipe is lost.
process.exitCode = await runProgram(process.argv.slice(2), {
  loadEngine: () => import('@freehold/migrations/engine'),
  stdout: toOutput(process.stdout),
  stderr: toOutput(process.stderr),
  env: process.env,
  folder: process.cwd(),
  confirm: canAsk ? askAtTerminal : null,
  askSecret: canAsk ? askSecretAtTerminal : null,
  readInput: () => text(process.stdin),
  now: () => performance.now(),
  onInterrupt(listener) {
    process.on('SIGINT', listener)
    process.on('SIGTERM', listener)
    return () => {
      process.off('SIGINT', listener)
      process.off('SIGTERM', listener)
    }
  },
  exitNow: (code) => process.exit(code),
})
