import { type ContainerRuntimeClient, getContainerRuntimeClient, ImageName } from 'testcontainers'

/** The images that tests start, as compose names them; a stand-in serves where no image registry is reached. */
const images = {
  postgres: { setting: 'POSTGRES_IMAGE', standIn: 'freehold-stand-in/postgres:18', official: 'postgres:18' },
  kafka: { setting: 'KAFKA_IMAGE', standIn: 'freehold-stand-in/kafka:4', official: 'apache/kafka:4.3.1' },
} as const

const pullMsMax = 180_000

/** An engine that answers, with the image that was asked for at hand. */
export interface Docker {
  client: ContainerRuntimeClient
  image: string
}

/** Returns the engine and the image to start; `{ missing }` says why there is none. */
export async function findDocker(what: keyof typeof images): Promise<Docker | { missing: string }> {
  let client: ContainerRuntimeClient
  try {
    client = await getContainerRuntimeClient()
  } catch (error) {
    return { missing: `no Docker engine answers (${firstLineOf(error)})` }
  }
  const { setting, standIn, official } = images[what]
  const given = process.env[setting]
  const image = given ?? ((await client.image.exists(ImageName.fromString(standIn))) ? standIn : official)
  if (image !== official) {
    // Its reaper is an image of its own, which has to come from a registry; each test removes its containers itself.
    process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'
  }
  const reason = await pullIfMissing(client, image)
  return reason === undefined ? { client, image } : { missing: `Docker cannot get the image ${image} (${reason})` }
}

async function pullIfMissing(client: ContainerRuntimeClient, image: string): Promise<string | undefined> {
  const name = ImageName.fromString(image)
  if (await client.image.exists(name)) {
    return undefined
  }
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`not within ${pullMsMax / 1000} s`), pullMsMax)
  })
  const pulled = client.image.pull(name).then(() => undefined, firstLineOf)
  try {
    return await Promise.race([pulled, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

function firstLineOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}

/** Labels of a container of a test, by which CI removes what a killed test left behind. */
export const testLabels = { 'freehold.test': process.env['FREEHOLD_TEST_RUN'] ?? 'by-hand' }
