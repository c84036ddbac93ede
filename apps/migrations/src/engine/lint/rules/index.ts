/** All rules in the order of their numbers. */
import type { Rule } from '../rule.ts'
import { addCheck } from './add-check.ts'
import { addColumn } from './add-column.ts'
import { addColumnWithCheck } from './add-column-with-check.ts'
import { addColumnWithKey } from './add-column-with-key.ts'
import { addColumnWithReference } from './add-column-with-reference.ts'
import { addColumnWithVolatileDefault } from './add-column-with-volatile-default.ts'
import { addExclusion } from './add-exclusion.ts'
import { addForeignKey } from './add-foreign-key.ts'
import { addIdentityColumn } from './add-identity-column.ts'
import { addPrimaryKey } from './add-primary-key.ts'
import { addRequiredColumn } from './add-required-column.ts'
import { addSerialColumn } from './add-serial-column.ts'
import { addStoredColumn } from './add-stored-column.ts'
import { addUniqueConstraint } from './add-unique-constraint.ts'
import { attachPartition } from './attach-partition.ts'
import { becomesPartitioned } from './becomes-partitioned.ts'
import { cascadingDelete } from './cascading-delete.ts'
import { changeColumnType } from './change-column-type.ts'
import { changeColumnTypeInPlace } from './change-column-type-in-place.ts'
import { changeDefault } from './change-default.ts'
import { changeEnum } from './change-enum.ts'
import { changeFunction } from './change-function.ts'
import { changeRows } from './change-rows.ts'
import { changeTrigger } from './change-trigger.ts'
import { changeTypeOfCheckedColumn } from './change-type-of-checked-column.ts'
import { changeTypeOfKey } from './change-type-of-key.ts'
import { columnOrder } from './column-order.ts'
import { concurrentIndexIfNotExists } from './concurrent-index-if-not-exists.ts'
import { concurrentlyInTransaction } from './concurrently-in-transaction.ts'
import { createIndex } from './create-index.ts'
import { createIndexOnPartitioned } from './create-index-on-partitioned.ts'
import { detachPartition } from './detach-partition.ts'
import { domainConstraint } from './domain-constraint.ts'
import { dropColumn } from './drop-column.ts'
import { dropConstraint } from './drop-constraint.ts'
import { dropDatabase } from './drop-database.ts'
import { dropIndex } from './drop-index.ts'
import { dropNotNull } from './drop-not-null.ts'
import { dropTable } from './drop-table.ts'
import { extension } from './extension.ts'
import { foreignKeyOnPartitioned } from './foreign-key-on-partitioned.ts'
import { foreignKeyWithoutIndex } from './foreign-key-without-index.ts'
import { fragileRowsStatement } from './fragile-rows-statement.ts'
import { identifierTooLong } from './identifier-too-long.ts'
import { indexOnMaterializedView } from './index-on-materialized-view.ts'
import { jsonColumn } from './json-column.ts'
import { keyFromNullableIndex } from './key-from-nullable-index.ts'
import { lockTimeout } from './lock-timeout.ts'
import { migrationOrder } from './migration-order.ts'
import { opaqueCode } from './opaque-code.ts'
import { partlyCommitted } from './partly-committed.ts'
import { redundantIndex } from './redundant-index.ts'
import { refreshMaterializedView } from './refresh-materialized-view.ts'
import { reindex } from './reindex.ts'
import { renameColumn } from './rename-column.ts'
import { renameOrDropSchema } from './rename-or-drop-schema.ts'
import { renameTable } from './rename-table.ts'
import { replaceIndex } from './replace-index.ts'
import { rights } from './rights.ts'
import { sessionSettings } from './session-settings.ts'
import { setAccessMethod } from './set-access-method.ts'
import { setLogged } from './set-logged.ts'
import { setNotNull } from './set-not-null.ts'
import { setNotNullWithoutFill } from './set-not-null-without-fill.ts'
import { setTablespace } from './set-tablespace.ts'
import { severalAlterTables } from './several-alter-tables.ts'
import { severalForeignKeys } from './several-foreign-keys.ts'
import { severalTablesLocked } from './several-tables-locked.ts'
import { statementAfterStrongLock } from './statement-after-strong-lock.ts'
import { statementTimeout } from './statement-timeout.ts'
import { tableForm } from './table-form.ts'
import { transactionInFile } from './transaction-in-file.ts'
import { truncate } from './truncate.ts'
import { typesToAvoid } from './types-to-avoid.ts'
import { uniqueOverOneValue } from './unique-over-one-value.ts'
import { unnamedConstraint } from './unnamed-constraint.ts'
import { vacuumFullOrCluster } from './vacuum-full-or-cluster.ts'
import { validateInSameTransaction } from './validate-in-same-transaction.ts'
import { varcharLength } from './varchar-length.ts'
import { viewDependsOnColumn } from './view-depends-on-column.ts'

export const rules: readonly Rule[] = [
  createIndex,
  createIndexOnPartitioned,
  dropIndex,
  replaceIndex,
  reindex,
  concurrentlyInTransaction,
  concurrentIndexIfNotExists,
  uniqueOverOneValue,
  redundantIndex,
  indexOnMaterializedView,
  addForeignKey,
  addColumnWithReference,
  foreignKeyOnPartitioned,
  severalForeignKeys,
  foreignKeyWithoutIndex,
  addCheck,
  addColumnWithCheck,
  validateInSameTransaction,
  addUniqueConstraint,
  addColumnWithKey,
  addPrimaryKey,
  keyFromNullableIndex,
  addExclusion,
  dropConstraint,
  domainConstraint,
  unnamedConstraint,
  varcharLength,
  addColumn,
  setNotNull,
  setNotNullWithoutFill,
  addRequiredColumn,
  addColumnWithVolatileDefault,
  addSerialColumn,
  addIdentityColumn,
  addStoredColumn,
  changeColumnType,
  changeColumnTypeInPlace,
  changeTypeOfCheckedColumn,
  changeTypeOfKey,
  dropColumn,
  dropNotNull,
  renameColumn,
  changeDefault,
  jsonColumn,
  typesToAvoid,
  dropTable,
  renameTable,
  renameOrDropSchema,
  dropDatabase,
  truncate,
  vacuumFullOrCluster,
  setLogged,
  setAccessMethod,
  setTablespace,
  attachPartition,
  detachPartition,
  becomesPartitioned,
  refreshMaterializedView,
  changeTrigger,
  changeEnum,
  tableForm,
  extension,
  rights,
  changeFunction,
  viewDependsOnColumn,
  identifierTooLong,
  columnOrder,
  lockTimeout,
  statementTimeout,
  sessionSettings,
  statementAfterStrongLock,
  severalTablesLocked,
  severalAlterTables,
  transactionInFile,
  partlyCommitted,
  changeRows,
  opaqueCode,
  fragileRowsStatement,
  migrationOrder,
  cascadingDelete,
]
