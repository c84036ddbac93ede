import { describe, expect, it } from 'vitest'
import { findRenames, nameRename, type TableShape } from './find-renames.ts'

const table = (name: string, columns: Record<string, string>, schema = 'public'): TableShape => ({
  schema,
  name,
  columns: new Map(Object.entries(columns)),
})
const namesOf = (before: TableShape[], after: TableShape[]) => findRenames(before, after).map(nameRename)

describe('findRenames', () => {
  it('pairs columns of one table and one type alone', () => {
    const before = [table('a', { id: 'integer', x: 'text', y: 'integer' }), table('b', { x: 'text' })]
    const after = [table('a', { id: 'integer', z: 'text', w: 'numeric' }), table('b', { x: 'text', z: 'text' })]
    expect(namesOf(before, after)).toEqual(['a.x:z'])
  })

  it('names every pair where one of several may be meant', () => {
    expect(namesOf([table('a', { x: 'text' })], [table('a', { y: 'text', z: 'text' })])).toEqual(['a.x:y', 'a.x:z'])
  })

  it('pairs tables of one schema that have half of their columns in common, the likeliest first', () => {
    const before = [table('old', { id: 'integer', x: 'text', y: 'text', z: 'text' })]
    const after = [
      table('half', { id: 'integer', x: 'text', v: 'text', w: 'text' }),
      table('most', { id: 'integer', x: 'text', y: 'text' }),
      table('little', { id: 'integer', v: 'text', w: 'text' }),
      table('elsewhere', { id: 'integer', x: 'text', y: 'text', z: 'text' }, 'other'),
    ]
    expect(namesOf(before, after)).toEqual(['old:most', 'old:half'])
  })
})
