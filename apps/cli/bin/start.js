// Plain JavaScript that Node 12.20 can parse and run: it has to work before a newer Node is there.

import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

const oldest = [22, 22]
const wanted = 'node@24'

/** Tells whether this Node runs Freehold itself. */
export function isNodeNewEnough() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
}

/** Gives npm another cache where the account has no home that it can write to. */
export function ensureNpmCache() {
  const folder = process.env.npm_config_cache || join(homedir(), '.npm')
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch (_error) {
    const account = process.getuid ? process.getuid() : 'user'
    const fallback = join(tmpdir(), `freehold-npm-${account}`)
    mkdirSync(fallback, { recursive: true, mode: 0o700 })
    process.env.npm_config_cache = fallback
  }
}

/** Runs the file under a newer Node, which npx fetches once, in this process's place: same streams, signals and exit code. */
export function runUnderNewerNode(file, args) {
  ensureNpmCache()
  // npx stands between only to name the program: as a parent it would keep signals to itself.
  const question = 'JSON.stringify([process.execPath,process.env.npm_config_globalconfig])'
  const options = ['--yes', '--loglevel=error', '--no-update-notifier', `--package=${wanted}`]
  const found = spawnSync('npx', options.concat('--', 'node', '-p', question), {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (found.status !== 0) {
    const reason = (found.error ? found.error.message : found.stderr || '').trim()
    process.stderr.write(
      `Freehold needs Node ${oldest.join('.')} or newer. This is ${process.version}, and npx could not fetch ${wanted}` +
        `${reason === '' ? '' : `:\n${reason}`}\nInstall Node 24 and run this again.\n`,
    )
    process.exit(1)
  }
  const [execPath, globalConfig] = JSON.parse(found.stdout)
  // npm looks for the machine's settings (registry, certificates) beside the Node it runs on, which is now another one.
  const env = globalConfig ? { ...process.env, npm_config_globalconfig: globalConfig } : process.env
  passOn(spawn(execPath, [file].concat(args), { stdio: 'inherit', env }))
}

function passOn(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const forward = (signal) => {
    // A terminal sends Ctrl-C to the child as well; twice would mean "at once".
    if (signal !== 'SIGINT' || !process.stdin.isTTY) {
      child.kill(signal)
    }
  }
  for (const signal of signals) {
    process.on(signal, forward)
  }
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    for (const each of signals) {
      process.removeListener(each, forward)
    }
    if (signal === null) {
      process.exit(code)
    }
    process.kill(process.pid, signal)
  })
}

// No exit code of Freehold's own.
const unfinished = 13

/** Runs a module in this process. One that still waits when nothing is left that could wake it has failed. */
export function runModule(href) {
  silenceTypeStrippingWarning()
  process.exitCode = unfinished
  process.once('exit', (code) => {
    if (code === unfinished) {
      process.stderr.write('Freehold ended in the middle of its work. This is a bug; please report it.\n')
      process.exitCode = 1
    }
  })
  import(href).then(
    () => {
      if (process.exitCode === unfinished) {
        process.exitCode = 0
      }
    },
    (error) => {
      process.exitCode = 1
      throw error
    },
  )
}

/** Keeps Node 22 from telling each user that it strips types. */
function silenceTypeStrippingWarning() {
  const emitWarning = process.emitWarning
  process.emitWarning = function emitOtherWarnings(warning, ...rest) {
    if (rest[0] !== 'ExperimentalWarning' || !String(warning).startsWith('Type Stripping')) {
      emitWarning.call(process, warning, ...rest)
    }
  }
}
