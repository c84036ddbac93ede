import type { Engine, OfflineEngine } from '../engine.ts'
import type { ExitCode } from '../exit-codes.ts'
import { runProgram } from '../program.ts'
import type { Output, Surroundings } from '../surroundings.ts'

/** What a command line left behind, in place of a process. */
export interface Finished {
  exitCode: ExitCode
  stdout: string
  stderr: string
}

export interface FakeOptions {
  engine?: Partial<Engine & OfflineEngine>
  env?: Record<string, string>
  folder?: string
  isTerminal?: boolean
  /** What comes on standard input. */
  input?: string
  /** The answer of the person at the terminal; without one there is no terminal to ask at. */
  answer?: boolean
  /** Called with the function that sends SIGINT. */
  onStart?(interrupt: () => void): void
  exitNow?(code: number): void
}

/** The URL that tests give; its password must not turn up in any output. */
export const databaseUrl = 'postgresql://shop:correct-horse-battery@db.example.com:5433/orders?schema=sales'

const unexpected = () => Promise.reject(new Error('the engine was asked for something that the test does not expect'))

/** Returns an engine whose functions fail but for those given. */
export function fakeEngine(engine: Partial<Engine & OfflineEngine>): Engine & OfflineEngine {
  return {
    findMigrationsFolder: (folder) => Promise.resolve(`${folder}/prisma/migrations`),
    plan: unexpected,
    deploy: unexpected,
    complete: unexpected,
    undo: unexpected,
    status: unexpected,
    history: unexpected,
    drift: unexpected,
    baseline: unexpected,
    resolve: unexpected,
    lint: unexpected,
    lintRules: [],
    findSchemaFile: (folder) => Promise.resolve(`${folder}/prisma/schema.prisma`),
    diff: unexpected,
    ...engine,
  }
}

/** Runs the command line in this process. */
export async function runFake(argv: string[], options: FakeOptions = {}): Promise<Finished> {
  const isTerminal = options.isTerminal === true
  const stdout = collect(isTerminal)
  const stderr = collect(isTerminal)
  const { answer } = options
  const surroundings: Surroundings = {
    loadEngine: () => Promise.resolve(fakeEngine(options.engine ?? {})),
    stdout,
    stderr,
    env: options.env ?? { DATABASE_URL: databaseUrl },
    folder: options.folder ?? '/project',
    confirm:
      answer === undefined
        ? null
        : (question) => {
            stderr.write(`${question} [y/N]\n`)
            return Promise.resolve(answer)
          },
    askSecret: null,
    readInput: () => Promise.resolve(options.input ?? ''),
    now: () => 0,
    onInterrupt(listener) {
      options.onStart?.(listener)
      return () => {}
    },
    exitNow: options.exitNow ?? (() => {}),
  }
  const exitCode = await runProgram(argv, surroundings)
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() }
}

/** Returns an output that keeps what is written. */
export function collect(isTerminal = false, columns = 100): Output & { text(): string } {
  let written = ''
  return {
    write(text) {
      written += text
    },
    isTerminal,
    columns,
    text: () => written,
  }
}
