import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RelationSize } from '../src/engine/inspect/catalog.ts'
import { readCatalog } from '../src/engine/inspect/read-catalog.ts'
import { readSizes } from '../src/engine/inspect/read-sizes.ts'

describe('readSizes', () => {
  let server: Server
  let owner: Client
  let sizes: Map<string, RelationSize>

  beforeAll(async () => {
    server = await startTestServer(18)
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    await admin.query('create role owner login; create role other')
    await admin.query('create database sized owner owner template template0')
    await admin.end()
    const superuser = await connect({ connectionString: server.url('sized'), applicationName: 'test' })
    await superuser.query(`
      create schema apart; grant usage on schema apart to owner;
      create table apart.secret (id int); insert into apart.secret values (1); alter table apart.secret owner to other;
      create table apart.unseen (id int); alter table apart.unseen owner to other`)
    await superuser.end()
    owner = await connect({ connectionString: server.url('sized', 'owner'), applicationName: 'test' })
    await owner.query(`
      create table empty (id int);
      create table few (id int, note text); insert into few select i, repeat('x', 100) from generate_series(1, 300) i;
      create table emptied (id int); insert into emptied values (1); delete from emptied;
      create table many (id int, note text); insert into many select i, repeat('x', 100) from generate_series(1, 20000) i;
      create table analysed (id int); insert into analysed select generate_series(1, 5000); analyze analysed;
      create table "od""d" (id int) partition by range (id);
      create table part_1 partition of "od""d" for values from (0) to (100);
      insert into "od""d" select generate_series(1, 50);
      create table hidden (id int); insert into hidden values (1);
      alter table hidden enable row level security; alter table hidden force row level security;
      create materialized view unfilled as select * from few with no data;
      create view looked as select * from few`)
    const catalog = await readCatalog(owner)
    sizes = new Map((await readSizes(owner, catalog)).map((size) => [size.name, size]))
  })
  afterAll(async () => {
    await owner.end()
    await server.stop()
  })

  it('counts what was never analysed and is small, and estimates the rest', () => {
    expect(sizes.get('few')).toMatchObject({ rowsEstimate: 300, hasRows: true })
    expect(sizes.get('analysed')?.rowsEstimate).toBe(5000)
    expect(sizes.get('many')?.rowsEstimate).toBeGreaterThan(10_000)
    expect(sizes.get('many')?.totalBytes).toBeGreaterThan(2_000_000)
  })

  it('says that a table holds no row only when it saw that', () => {
    const empty = [...sizes.values()].filter(({ hasRows }) => !hasRows).map(({ name }) => name)
    expect(empty.sort()).toEqual(['emptied', 'empty', 'unfilled'])
    expect(sizes.get('empty')?.rowsEstimate).toBe(0)
    expect(sizes.get('unseen')).toMatchObject({ hasRows: true })
  })

  it('adds up partitions, and leaves out views', () => {
    expect(sizes.get('od"d')).toMatchObject({ rowsEstimate: 50, heapBytes: 8192 })
    expect(sizes.has('looked')).toBe(false)
  })
})
