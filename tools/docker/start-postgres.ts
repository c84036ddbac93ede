import { PostgreSqlContainer } from '@testcontainers/postgresql'
import { findDocker, testLabels } from './find-docker.ts'

/** A Postgres server in a container, whose data go with it. Every role may connect without a password. */
export interface ContainedPostgres {
  url(database?: string, user?: string): string
  stop(): Promise<void>
}

const startMsMax = 120_000

/** Starts Postgres 18 in a container; `{ missing }` says why that cannot be on this machine. */
export async function startContainedPostgres(): Promise<ContainedPostgres | { missing: string }> {
  const docker = await findDocker('postgres')
  if ('missing' in docker) {
    return docker
  }
  const container = await new PostgreSqlContainer(docker.image)
    .withDatabase('postgres')
    .withUsername('postgres')
    .withEnvironment({ POSTGRES_HOST_AUTH_METHOD: 'trust' })
    .withLabels(testLabels)
    .withStartupTimeout(startMsMax)
    .start()
  const address = `${container.getHost()}:${container.getPort()}`
  return {
    url: (database = 'postgres', user = 'postgres') =>
      `postgresql://${encodeURIComponent(user)}@${address}/${encodeURIComponent(database)}`,
    async stop() {
      await container.stop({ removeVolumes: true })
    },
  }
}
