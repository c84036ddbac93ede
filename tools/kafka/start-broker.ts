import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

/** One Kafka broker (KRaft) as a process on the loopback, whose data go with it. */
export interface Broker {
  /** `host:port`, the same after a restart. */
  address: string
  /** Ends it as kill -9 does, and resolves when it has ended. */
  kill(): Promise<void>
  /** Starts it again on the same data after `kill`. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const startMsMax = 90_000

/** Starts a broker from the jars in `libs`; resolves when it serves. */
export async function startBroker(libs: string): Promise<Broker> {
  const folder = await mkdtemp(path.join(tmpdir(), 'freehold-kafka-'))
  const settings = path.join(folder, 'server.properties')
  const [port, controllerPort] = await findFreePorts()
  await writeFile(settings, toProperties(folder, port, controllerPort))
  await mkdir(path.join(folder, 'data'))
  const format = ['kafka.tools.StorageTool', 'format', '-t', '5L6g3nShT-eMCtK--X86sw', '-c', settings]
  await promisify(execFile)('java', [...javaOptions(libs), ...format])
  let child = await spawnBroker(libs, settings)
  const kill = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.stdin?.end()
      await ended
    }
  }
  return {
    address: `127.0.0.1:${port}`,
    kill,
    async restart() {
      child = await spawnBroker(libs, settings)
    },
    async stop() {
      // The data go with it, so there is nothing to end in an orderly way.
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

// The shell stands between, holding the read end of a pipe: when this process ends in any way, the pipe closes and the
// broker is killed.
const keeper = `
trap : TERM
"$@" </dev/null & broker=$!
( while kill -0 "$broker"; do sleep 1; done; kill "$$" ) 2>/dev/null & watcher=$!
read -r how
kill "$watcher" 2>/dev/null
kill -KILL "$broker" 2>/dev/null
wait "$broker" 2>/dev/null`

function javaOptions(libs: string): string[] {
  const log = `-Dlog4j2.configurationFile=${path.join(import.meta.dirname, 'log4j2.yaml')}`
  return ['-XX:+UseSerialGC', '-Xms128m', '-Xmx384m', '-Djava.awt.headless=true', log, '-cp', path.join(libs, '*')]
}

async function spawnBroker(libs: string, settings: string): Promise<ChildProcess> {
  const args = ['-c', keeper, 'java', 'java', ...javaOptions(libs), 'kafka.Kafka', settings]
  const child = spawn('/bin/sh', args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
  let log = ''
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.stdin.end()
      reject(new Error(`Kafka did not start within ${startMsMax} ms: ${log.slice(-4000)}`))
    }, startMsMax)
    child.stdout.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-20_000)
      if (log.includes('Kafka Server started')) {
        clearTimeout(timer)
        resolve()
      }
    })
    child.once('exit', () => {
      clearTimeout(timer)
      reject(new Error(`Kafka ended while it started: ${log.slice(-4000)}`))
    })
  })
  return child
}

function toProperties(folder: string, port: number, controllerPort: number): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
log.dirs=${path.join(folder, 'data')}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=3
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
`
}

async function findFreePorts(): Promise<[number, number]> {
  const probes = await Promise.all(
    [0, 1].map(async () => {
      const probe = createServer()
      await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', () => resolve()))
      return probe
    }),
  )
  const [first, second] = probes.map((probe) => (probe.address() as { port: number }).port)
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))))
  return [first ?? 0, second ?? 0]
}
