import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { problems } from '@freehold/migrations/problem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exitCodes } from './exit-codes.ts'
import { runFake } from './testing/fake-surroundings.ts'
import { samplePlan } from './testing/sample-plan.ts'

describe('a plan file', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'freehold-cli-'))
  })
  afterAll(async () => {
    await rm(folder, { recursive: true })
  })
  const plan = () => Promise.resolve({ plan: samplePlan, warnings: [] })

  it('is written by plan --out and given to the engine by deploy --plan', async () => {
    const written = await runFake(['migrate', 'plan', '--out', 'plan.json'], { folder, engine: { plan } })
    expect(written.exitCode).toBe(exitCodes.done)
    let given: unknown
    const deploy = (_target: unknown, options: { plan?: unknown }) => {
      given = options.plan
      return Promise.resolve({ outcome: 'done' as const, applied: [], plan: null, run: null, warnings: [] })
    }
    const deployed = await runFake(['migrate', 'deploy', '--plan', 'plan.json'], { folder, engine: { deploy } })
    expect(deployed.exitCode).toBe(exitCodes.done)
    expect(given).toEqual(samplePlan)
    await writeFile(path.join(folder, 'alone.json'), JSON.stringify(samplePlan))
    given = undefined
    await runFake(['migrate', 'deploy', '--plan', 'alone.json'], { folder, engine: { deploy } })
    expect(given).toEqual(samplePlan)
  })

  it('of nothing fits only a database where nothing is pending', async () => {
    const nothing = () => Promise.resolve({ plan: null, warnings: [] })
    await runFake(['migrate', 'plan', '--out', 'nothing.json'], { folder, engine: { plan: nothing } })
    const deploy = () =>
      Promise.resolve({ outcome: 'nothingPending' as const, applied: [], plan: null, run: null, warnings: [] })
    for (const [state, exitCode] of [
      ['applied', exitCodes.done],
      ['pending', exitCodes.refused],
    ] as const) {
      const status = () => Promise.resolve({ migrations: [{ id: 'a', state }], openRun: null, warnings: [] })
      const finished = await runFake(['migrate', 'deploy', '--plan', 'nothing.json'], {
        folder,
        engine: { deploy, status },
      })
      expect(finished.exitCode).toBe(exitCode)
    }
  })

  it.each([
    ['{', 'is not JSON'],
    ['[]', 'is not a plan'],
    ['null', 'is not a plan'],
    ['{"formatVersion":2}', 'format version 2'],
    [JSON.stringify({ ...samplePlan, steps: [{ id: 'e01' }] }), 'steps.0'],
    [JSON.stringify({ ...samplePlan, more: true }), 'more'],
    [JSON.stringify({ plan: null }), 'is not a plan'],
  ])('that reads %.30s is refused', async (content, reason) => {
    await writeFile(path.join(folder, 'bad.json'), content)
    const finished = await runFake(['migrate', 'deploy', '--plan', 'bad.json'], { folder })
    expect(finished.exitCode).toBe(exitCodes.wrongUse)
    expect(finished.stderr).toContain(reason)
    expect(finished.stderr).toContain(problems.planInvalid.code)
  })

  it('that is not there, or cannot be written, is wrong use before any work is done', async () => {
    const unread = await runFake(['migrate', 'deploy', '--plan', 'none.json'], { folder })
    expect(unread).toMatchObject({
      exitCode: exitCodes.wrongUse,
      stderr: expect.stringContaining('FHD_CLI_FILE_NOT_READ'),
    })
    for (const out of ['no/folder/plan.json', '.']) {
      const unwritten = await runFake(['migrate', 'plan', '--out', out], { folder })
      expect(unwritten.exitCode).toBe(exitCodes.wrongUse)
      expect(unwritten.stderr).toContain('FHD_CLI_FILE_NOT_WRITTEN')
    }
  })
})
