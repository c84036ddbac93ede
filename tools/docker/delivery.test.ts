// What delivers the services: one workflow each, one Dockerfile, one compose file. Read here, run by CI and `npm run
// test:compose`.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const root = path.resolve(import.meta.dirname, '../..')
const read = (name: string): string => readFileSync(path.join(root, name), 'utf8')
const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] }
/** Every app that serves: it has an entry of its own and is no command line. */
const services = readdirSync(path.join(root, 'apps')).filter((app) =>
  existsSync(path.join(root, 'apps', app, 'src/app.ts')),
)

interface Container {
  image: string
  build?: { args: Record<string, string> }
  environment?: Record<string, string>
  command?: string[]
  depends_on?: Record<string, { condition: string }>
  read_only?: boolean
  cap_drop?: string[]
  ports?: string[]
  restart?: string
}
const containers = (parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Container> })
  .services

describe.each(services)('the delivery of %s', (service) => {
  it('is a workflow of its own, which builds, tests and delivers it alone, and only where a change affects it', () => {
    const text = read(`.github/workflows/${service}.yml`)
    const workflow = parse(text) as {
      name: string
      jobs: Record<string, { needs?: string; if?: string; steps: { run?: string; name?: string; if?: string }[] }>
    }
    expect(workflow.name).toBe(service)
    expect(Object.keys(workflow.jobs)).toEqual(['affected', service])
    const { needs, if: condition, steps = [] } = workflow.jobs[service] ?? { steps: [] }
    expect([needs, condition]).toEqual(['affected', `needs.affected.outputs.${service} == 'true'`])
    expect(workflow.jobs['affected']?.steps.at(-1)?.run).toContain(`| grep -qx ${service} ||`)
    const targets = steps.flatMap(({ run = '' }) => /^npx nx run (\S+)$/.exec(run)?.[1] ?? [])
    expect(targets).toEqual([`${service}:build`, `${service}:test`, `${service}:image`])
    expect(steps.find(({ name }) => name === 'Deploy')?.if).toContain("github.ref == 'refs/heads/main'")
    const { scripts, nx } = JSON.parse(read(`apps/${service}/package.json`)) as {
      scripts: Record<string, string>
      nx: { name: string }
    }
    expect(nx.name).toBe(service)
    expect(scripts).toMatchObject({ build: expect.stringContaining(service), image: expect.stringContaining(service) })
    // All are one, but for the name.
    const neutral = (content: string, name: string): string =>
      content.replaceAll(name, 'SERVICE').replaceAll(name.toUpperCase(), 'SERVICE')
    const [other = service] = services
    expect(neutral(text, service)).toBe(neutral(read(`.github/workflows/${other}.yml`), other))
  })

  it('is a container without rights, which waits for its schema and for no other service', () => {
    const container = containers[service]
    expect(container).toMatchObject({ read_only: true, cap_drop: ['ALL'], build: { args: { SERVICE: service } } })
    expect(Object.keys(container?.depends_on ?? {})).toEqual([`${service}-schema`])
    expect(container?.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)])
    const step = containers[`${service}-schema`]
    expect(step).toMatchObject({ restart: 'no', build: { args: { SERVICE: 'cli' } } })
    expect(step?.command).toEqual(expect.arrayContaining(['migrate', 'deploy', `--schema=${service}`]))
    expect(step?.environment?.['DATABASE_URL']).toContain(`//${service}_migrator:`)
  })
})

describe('the composed platform', () => {
  it('gives each container the secrets of its own work only', () => {
    const secretsOf = Object.fromEntries(
      Object.entries(containers).map(([name, { environment = {} }]) => [
        name,
        [...JSON.stringify(environment).matchAll(/\$\{(\w+):\?/g)].map(([, secret]) => secret).sort(),
      ]),
    )
    const passwords = services.flatMap((name) => [
      `${name.toUpperCase()}_MIGRATOR_PASSWORD`,
      `${name.toUpperCase()}_PASSWORD`,
    ])
    expect(secretsOf).toEqual({
      postgres: ['POSTGRES_PASSWORD'],
      kafka: [],
      databases: [...passwords, 'POSTGRES_PASSWORD'],
      'catalog-schema': ['CATALOG_MIGRATOR_PASSWORD'],
      catalog: ['CATALOG_CONFIG_KEY', 'CATALOG_PASSWORD', 'FREEHOLD_API_KEY'],
      'migrations-schema': ['MIGRATIONS_MIGRATOR_PASSWORD'],
      migrations: ['MIGRATIONS_PASSWORD', 'MIGRATIONS_SEALING_KEYS'],
    })
    // Each of them is made by the command that the page names.
    const made = read('tools/docker/write-env.js')
    for (const secret of new Set(Object.values(secretsOf).flat())) {
      expect(made).toContain(`  ${secret}: `)
    }
  })

  it('takes every image from a variable', () => {
    for (const { image, build } of Object.values(containers)) {
      expect(image).toMatch(/^\$\{[A-Z]+_IMAGE:-.+\}$/)
      if (build !== undefined) {
        expect(build.args['NODE_IMAGE']).toMatch(/^\$\{NODE_IMAGE:-.+\}$/)
      }
    }
  })
})

describe('the Dockerfile', () => {
  const dockerfile = read('Dockerfile')

  it('sees the package.json of every workspace before it installs', () => {
    const folders = workspaces.flatMap((pattern) => {
      const parent = pattern.replace(/\/\*$/, '')
      const children = pattern.endsWith('/*')
        ? readdirSync(path.join(root, parent)).map((name) => `${parent}/${name}`)
        : [parent]
      return children.filter((folder) => existsSync(path.join(root, folder, 'package.json')))
    })
    const copied = [...dockerfile.matchAll(/^COPY (\S+)\/package\.json \1\/$/gm)].map(([, folder]) => folder)
    expect(copied).toEqual(folders.sort())
  })

  it('needs no image but the one of Node, and runs as an account without rights', () => {
    expect([...dockerfile.matchAll(/^FROM [${]*(\w+)/gm)].map(([, image]) => image)).toEqual([
      'NODE_IMAGE',
      'packages',
      'NODE_IMAGE',
    ])
    expect(dockerfile).not.toMatch(/^# *syntax *=/m)
    expect(dockerfile).toMatch(/^USER 1000:1000$/m)
  })
})
