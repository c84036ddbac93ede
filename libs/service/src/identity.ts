/** What a service is called, everywhere: in Postgres, Kafka, traces, logs and tokens. */
export interface ServiceIdentity {
  name: string
  version: string
  instance: string
}

/** Returns the name that a session in Postgres and a client of Kafka carry: `orders@2.1.0#a1`. */
export function applicationName({ name, version, instance }: ServiceIdentity): string {
  return `${name}@${version}#${instance}`
}
