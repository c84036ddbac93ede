import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { runFake } from '../testing/fake-surroundings.ts'
import { refusedPlan, samplePlan } from '../testing/sample-plan.ts'
import { renderSchemas } from './schemas.ts'

const folder = new URL('../../schemas/', import.meta.url)
const committed = (file: string): object => JSON.parse(readFileSync(new URL(file, folder), 'utf8'))

/** Returns what does not fit the schema, null where all does. */
function validate(file: string, text: string): unknown {
  const fits = new Ajv2020({ allErrors: true }).compile(committed(file))
  return fits(JSON.parse(text)) ? null : fits.errors
}

describe('the committed JSON Schemas', () => {
  it('are those of the documents: node apps/cli/src/documents/write-schemas.ts writes them', () => {
    const rendered = renderSchemas()
    expect(readdirSync(folder).sort()).toEqual([...rendered.keys()].sort())
    for (const [file, text] of rendered) {
      expect(committed(file), file).toEqual(JSON.parse(text))
    }
  })

  it('describe a plan, a refused one, and none', async () => {
    for (const plan of [samplePlan, refusedPlan, null]) {
      const engine = { plan: () => Promise.resolve({ plan, warnings: ['a warning'] }) }
      const { stdout } = await runFake(['migrate', 'plan', '--json'], { engine })
      expect(validate('plan.json', stdout)).toBeNull()
    }
  })

  it('describe an error', async () => {
    const { stdout } = await runFake(['migrate', 'nothing', '--json'])
    expect(validate('error.json', stdout)).toBeNull()
  })
})
