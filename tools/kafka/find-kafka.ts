import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder } from '@freehold/postgres/embedded'

/** The version of the broker; tools/kafka/pom.xml names the same. */
export const kafkaVersion = '4.3.1'

const javaMajorMin = 17

/**
 * Returns the folder with the jars of a Kafka broker, or why there is none: FREEHOLD_KAFKA_LIBS, else the cache folder,
 * which Maven fills at first use.
 */
export async function findKafka(): Promise<{ libs: string } | { missing: string }> {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' })
  const major = Number(/version "(\d+)/.exec(java.stderr ?? '')?.[1] ?? '0')
  if (major < javaMajorMin) {
    return {
      missing: `Kafka needs Java ${javaMajorMin}, and ${major === 0 ? 'there is no Java' : `this is Java ${major}`}`,
    }
  }
  const libs = process.env['FREEHOLD_KAFKA_LIBS'] ?? path.join(cacheFolder(), `kafka-${kafkaVersion}`)
  if (existsSync(libs)) {
    return { libs }
  }
  if (spawnSync('mvn', ['--version']).status !== 0) {
    return { missing: `the jars of Kafka ${kafkaVersion} are not in ${libs}, and there is no Maven to fetch them` }
  }
  try {
    await fetchWithMaven(libs)
    return { libs }
  } catch (error) {
    return { missing: `Maven could not fetch Kafka ${kafkaVersion}: ${error instanceof Error ? error.message : error}` }
  }
}

async function fetchWithMaven(libs: string): Promise<void> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'freehold-kafka-'))
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
  const pom = path.join(import.meta.dirname, 'pom.xml')
  const staged = `${libs}.${process.pid}`
  try {
    const args = ['-B', '-q', '-f', pom, goal, '-DincludeScope=runtime', `-DoutputDirectory=${staged}`]
    await promisify(execFile)('mvn', args, { cwd: scratch, timeout: 10 * 60_000 })
    await rename(staged, libs).catch((error: unknown) => {
      // Another process was first; its jars are as good.
      if (!existsSync(libs)) {
        throw error
      }
    })
  } finally {
    await rm(scratch, { recursive: true, force: true })
    await rm(staged, { recursive: true, force: true })
  }
}
