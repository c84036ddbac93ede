/** The words of a statement, those of the code that it carries as text included. */
import type { Node } from '@pgsql/types'
import { kindOf, wordsOf } from './syntax.ts'

/** Returns every identifier and constant of the statement; code in a string is taken apart into its words. */
export function wordsWithin(node: Node): Set<string> {
  const words = wordsOf(node)
  const kind = kindOf(node)
  if (kind !== 'DoStmt' && kind !== 'CreateFunctionStmt') {
    return words
  }
  return new Set([...words].flatMap((word) => (/\s/.test(word) ? [...identifiersIn(word)] : [word])))
}

/** Identifiers as SQL reads them: folded to lower case unless they are quoted. */
function identifiersIn(code: string): Set<string> {
  const found = new Set<string>()
  for (const [text, quoted] of code.matchAll(/"((?:[^"]|"")+)"|[\p{L}_][\p{L}\p{N}_$]*/gu)) {
    const word = quoted === undefined ? text.toLowerCase() : quoted.replaceAll('""', '"')
    if (quoted !== undefined || !keywords.has(word)) {
      found.add(word)
    }
  }
  return found
}

/** Returns the words without those of the grammar and of nearly every statement, which tie no two statements together. */
export function withoutCommon(words: Set<string>): Set<string> {
  return new Set([...words].filter((word) => !commonWords.has(word)))
}

const commonWords = new Set([
  'pg_catalog',
  'p',
  'public',
  'int4',
  'int8',
  'text',
  'bool',
  'timestamp',
  'varchar',
  'jsonb',
  'plpgsql',
  'sql',
  'id',
  'as',
  'language',
  'count',
])

const keywords = new Set(
  `add all alter and any array as asc begin between bigint boolean by cascade case cast check column columns commit
  concurrently conflict constraint constraint_name constraint_schema constraint_type count create current_schema cursor declare default delete
  desc diagnostics distinct do drop duplicate_column duplicate_object duplicate_table each else elsif end enum exception
  execute exists exit false first for foreach foreign found format from function get group having if in index
  indexname information_schema inner insert int integer into is join key last language left length like limit loop max
  min new not notice now null old on only or order others out perform pg_catalog pg_class pg_constraint pg_enum
  pg_indexes pg_namespace pg_policies pg_tables pg_type pg_attribute plpgsql primary query raise record references
  relname rename replace restrict return returning returns returns row schema schemaname select set setof sql
  sqlerrm string table table_constraints table_name table_schema tablename tables text then to trigger true type typname
  undefined_column undefined_object undefined_table union unique update using uuid values varchar view when where
  while with yes column_name table_catalog conname conrelid contype oid regclass nspname enumlabel enumtypid count`.split(
    /\s+/,
  ),
)
