/** All rules in the order of their numbers. */
import type { Rule } from '../rule.ts'
import { addForeignKey } from './add-foreign-key.ts'
import { createIndex } from './create-index.ts'
import { dropColumn } from './drop-column.ts'
import { setNotNull } from './set-not-null.ts'
import { truncate } from './truncate.ts'

export const rules: readonly Rule[] = [createIndex, addForeignKey, setNotNull, dropColumn, truncate]
